//! Names that are unique within a file or folder.

use std::collections::BTreeSet;

/// Hands out names; a name that was handed out before, whatever its case, gets the candidate's index behind it.
#[derive(Default)]
pub(super) struct Names {
    known: BTreeSet<String>,
}

impl Names {
    /// The name itself, or with `_<index>` behind it.
    pub(super) fn unique(&mut self, name: String, index: u64) -> String {
        if self.known.insert(name.to_lowercase()) {
            return name;
        }
        let mut other = format!("{name}_{index}");
        while !self.known.insert(other.to_lowercase()) {
            other.push('_');
        }
        other
    }
}

/// An id as files and CIF data blocks can be called: letters, digits, `.`, `_`, `+` and `-`, at most 60 of them.
pub(super) fn plain(id: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-');
    let name: String = id.chars().take(60).map(|c| if allowed(c) { c } else { '_' }).collect();
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_names_get_the_index_of_their_candidate() {
        let mut names = Names::default();
        let found: Vec<_> = [("a", 4), ("A", 7), ("b", 8), ("a", 7)].map(|(n, i)| names.unique(n.into(), i)).into();
        assert_eq!(found, ["a", "A_7", "b", "a_7_"]);
    }

    #[test]
    fn no_id_leads_out_of_its_folder() {
        assert_eq!(plain("../x/é y"), ".._x___y");
        assert_eq!(plain(""), "unnamed");
        assert_eq!(plain(&"z".repeat(99)).len(), 60);
    }
}
