//! INPUT: files, folders and globs become a list of files in bytewise path order.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::GlobBuilder;
use walkdir::WalkDir;

use super::SourceError;
use super::format::{ArchiveKind, Format};
use super::id_prop;

/// One or several inputs, as a plan writes them: `"a/**/*.csv"` or `["a.csv", "b"]`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Inputs {
    /// A file, folder or glob.
    One(String),
    /// Several of them.
    Many(Vec<String>),
}

impl Inputs {
    /// The texts.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// A file to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// The name as given: below a folder or glob, the given text's own prefix and what was found.
    pub name: Arc<str>,
    /// Where it lies.
    pub path: PathBuf,
    /// Why it is not read, for links that lead nowhere: they are one quarantined record each.
    pub refusal: Option<String>,
}

impl InputFile {
    /// A file to be read.
    pub fn new(name: impl Into<Arc<str>>, path: impl Into<PathBuf>) -> Self {
        Self { name: name.into(), path: path.into(), refusal: None }
    }
}

/// Which files a source takes, and as what.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// Files of the formats that their names or contents tell.
    ByName,
    /// Files of one format; in folders and archives those whose name says so.
    Only(Format),
    /// Everything is read as this format, whatever its name.
    Forced(Format),
}

impl Wanted {
    /// The format in which a file found in a folder or archive is read; `None` if it is passed over.
    pub fn of_found(self, name: &str) -> Option<Format> {
        match self {
            Self::ByName => Format::of_name(name),
            Self::Only(format) => {
                Format::of_name(name).is_some_and(|found| found.is_named_like(format)).then_some(format)
            }
            Self::Forced(format) => (!is_hidden(name)).then_some(format),
        }
    }

    /// Whether files of structures may be among those that are taken.
    fn takes_structures(self) -> bool {
        match self {
            Self::ByName => true,
            Self::Only(format) | Self::Forced(format) => format.is_of_structures(),
        }
    }

    /// The format in which a file that was named by the user is read; `None` if only its content can tell.
    pub fn of_named(self, name: &str) -> Option<Format> {
        match self {
            Self::ByName => Format::of_name(name),
            Self::Only(format) | Self::Forced(format) => Some(format),
        }
    }
}

/// What inputs name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Files to be read, in order.
    pub files: Vec<InputFile>,
    /// Files `id_prop.csv` of folders: what is listed in them, with values, is what is read of those folders.
    pub targets: Vec<InputFile>,
}

/// Lists the files of `inputs`, relative paths taken from `base`; each file once, in bytewise order of names.
///
/// Folders are searched recursively, following links. A folder that links lead to is entered once, and only if it lies outside
/// the one that is searched: links back and forth neither loop nor multiply. A link that leads nowhere is a file with a refusal.
/// In folders, files of other kinds are passed over; files that are named or match a glob are always taken.
///
/// # Errors
/// A path that is not there or may not be read, a pattern that is none or matches nothing, a folder without any wanted file,
/// a path that is no regular file.
pub fn list_inputs(inputs: &Inputs, wanted: Wanted, base: &Path) -> Result<Listing, SourceError> {
    let mut files = Vec::new();
    let mut targets = Vec::new();
    for text in inputs.texts() {
        let before = files.len();
        list_input(text, wanted, base, &mut files, &mut targets)?;
        if files.len() == before {
            return Err(SourceError::NoInput { input: text.clone(), reason: nothing_found(text, wanted) });
        }
    }
    if files.is_empty() {
        return Err(SourceError::NoInput { input: "[]".into(), reason: "no input is given".into() });
    }
    for list in [&mut files, &mut targets] {
        list.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()).then_with(|| a.path.cmp(&b.path)));
        list.dedup_by(|a, b| a.path == b.path);
    }
    id_prop::keep_listed(&mut files, &targets)?;
    if let (true, Some(listing)) = (files.is_empty(), targets.first()) {
        return Err(SourceError::NoInput { input: listing.name.to_string(), reason: "lists no structure".into() });
    }
    Ok(Listing { files, targets })
}

fn nothing_found(text: &str, wanted: Wanted) -> String {
    if is_pattern(text) {
        return "matches no file".into();
    }
    let kinds = match wanted {
        Wanted::Only(format) => format.name().to_owned(),
        Wanted::ByName | Wanted::Forced(_) => Format::ALL.iter().map(|f| f.name()).collect::<Vec<_>>().join(", "),
    };
    format!("the folder has no file of kind {kinds}, nor an archive")
}

fn list_input(
    text: &str,
    wanted: Wanted,
    base: &Path,
    files: &mut Vec<InputFile>,
    targets: &mut Vec<InputFile>,
) -> Result<(), SourceError> {
    let path = base.join(text);
    let unreadable = |source| SourceError::Unreadable { input: text.to_owned(), source };
    match fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => {
            let before = files.len();
            walk(text, &path, files, &|name| {
                wanted.of_found(name).is_some()
                    || (ArchiveKind::of_name(name).is_some() && !is_hidden(name))
                    || (wanted.takes_structures() && id_prop::is_listing(name))
            })?;
            if wanted.takes_structures() {
                let found = files.split_off(before);
                let (listings, others): (Vec<_>, Vec<_>) =
                    found.into_iter().partition(|file| id_prop::is_listing(&file.name));
                files.extend(others);
                targets.extend(listings);
            }
            Ok(())
        }
        Ok(metadata) if metadata.is_file() => {
            files.push(InputFile::new(text, path));
            Ok(())
        }
        Ok(_) => Err(SourceError::NoInput {
            input: text.to_owned(),
            reason: "is neither a file nor a folder (pipes and devices cannot be read twice)".into(),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_pattern(text) => match_pattern(text, base, files),
        Err(error) => Err(unreadable(error)),
    }
}

fn match_pattern(text: &str, base: &Path, files: &mut Vec<InputFile>) -> Result<(), SourceError> {
    let bad = |reason: String| SourceError::Pattern { pattern: text.to_owned(), reason };
    let matcher = GlobBuilder::new(text)
        .literal_separator(true)
        .build()
        .map_err(|error| bad(error.kind().to_string()))?
        .compile_matcher();
    let first_wild = text.find(['*', '?', '[', '{']).unwrap_or(text.len());
    let prefix = text[..first_wild].rfind('/').map_or("", |slash| &text[..slash.max(1)]);
    let root = base.join(prefix);
    if !root.is_dir() {
        return Err(SourceError::NoInput { input: text.to_owned(), reason: format!("there is no folder {prefix:?}") });
    }
    walk(prefix, &root, files, &|name| matcher.is_match(name))
}

fn walk(prefix: &str, root: &Path, files: &mut Vec<InputFile>, take: &dyn Fn(&str) -> bool) -> Result<(), SourceError> {
    let canonical_root = fs::canonicalize(root).ok();
    let mut entered = BTreeSet::new();
    // Depth of the link below which the walk is.
    let mut linked_at = usize::MAX;
    let mut entries = WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            // The folder that the link leads back to is being read already.
            Err(error) if error.loop_ancestor().is_some() => continue,
            Err(error) => {
                refuse_link(error, prefix, root, files, take)?;
                continue;
            }
        };
        if entry.depth() <= linked_at {
            linked_at = if entry.depth() > 0 && entry.path_is_symlink() { entry.depth() } else { usize::MAX };
        }
        if linked_at != usize::MAX && entry.file_type().is_dir() {
            let folder = fs::canonicalize(entry.path()).unwrap_or_else(|_| entry.path().to_owned());
            let is_inside = canonical_root.as_ref().is_some_and(|root| folder.starts_with(root));
            if is_inside || !entered.insert(folder) {
                entries.skip_current_dir();
                continue;
            }
        }
        if !entry.file_type().is_file() {
            continue;
        }
        let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let name = join_name(prefix, below.as_os_str());
        if take(&name) {
            files.push(InputFile::new(name, entry.into_path()));
        }
    }
    Ok(())
}

/// A link that leads nowhere is refused if its name asks for it to be read; other errors end the run.
fn refuse_link(
    error: walkdir::Error,
    prefix: &str,
    root: &Path,
    files: &mut Vec<InputFile>,
    take: &dyn Fn(&str) -> bool,
) -> Result<(), SourceError> {
    let path = error.path().unwrap_or(root).to_owned();
    let input = join_name(prefix, path.strip_prefix(root).unwrap_or(Path::new("")).as_os_str());
    let source = error.into_io_error().unwrap_or_else(|| io::Error::other("cannot be listed"));
    if !path.is_symlink() {
        return Err(SourceError::Unreadable { input, source });
    }
    if take(&input) {
        let refusal = Some(format!("a link that leads nowhere: {source}"));
        files.push(InputFile { refusal, ..InputFile::new(input, path) });
    }
    Ok(())
}

fn join_name(prefix: &str, below: &OsStr) -> String {
    let below = below.to_string_lossy();
    match prefix {
        "" => below.into_owned(),
        _ if below.is_empty() => prefix.to_owned(),
        _ => format!("{}/{below}", prefix.trim_end_matches('/')),
    }
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// Whether a file is one that systems leave behind (`.DS_Store`, `__MACOSX/._a.csv`).
pub(super) fn is_hidden(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|base| base.starts_with('.')) || name.split('/').any(|part| part == "__MACOSX")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("temporary folder");
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("has a parent")).expect("folder");
            fs::write(path, "formula\nFe\n").expect("file");
        }
        folder
    }

    fn names(input: &str, wanted: Wanted, folder: &Path) -> Vec<String> {
        list_inputs(&Inputs::One(input.into()), wanted, folder)
            .expect("listed")
            .files
            .iter()
            .map(|file| file.name.to_string())
            .collect()
    }

    #[test]
    fn folders_are_searched_in_bytewise_order_and_other_kinds_passed_over() {
        let folder = folder(&["d/b.csv", "d/a/z.csv.gz", "d/a.csv", "d/B.csv", "d/README.md", "d/t.tar.gz", "d/x.tsv"]);
        let expected = ["d/B.csv", "d/a.csv", "d/a/z.csv.gz", "d/b.csv", "d/t.tar.gz"];
        assert_eq!(names("d", Wanted::Only(Format::Csv), folder.path()), expected);
        assert_eq!(names("d/", Wanted::Only(Format::Csv), folder.path()), expected);
    }

    #[test]
    fn stars_stay_within_one_folder_and_double_stars_do_not() {
        let folder = folder(&["d/a.csv", "d/e/b.csv", "d/e/f/c.csv", "d/e/c.txt"]);
        assert_eq!(names("d/*.csv", Wanted::ByName, folder.path()), ["d/a.csv"]);
        assert_eq!(names("d/**/*.csv", Wanted::ByName, folder.path()), ["d/a.csv", "d/e/b.csv", "d/e/f/c.csv"]);
        assert_eq!(names("d/e/{b.csv,c.txt}", Wanted::ByName, folder.path()), ["d/e/b.csv", "d/e/c.txt"]);
    }

    #[test]
    fn a_file_whose_name_has_brackets_is_that_file() {
        let folder = folder(&["run[1].csv"]);
        assert_eq!(names("run[1].csv", Wanted::ByName, folder.path()), ["run[1].csv"]);
    }

    #[test]
    fn a_file_named_twice_is_read_once() {
        let folder = folder(&["a.csv", "b.csv"]);
        let inputs = Inputs::Many(vec!["b.csv".into(), "*.csv".into()]);
        assert_eq!(list_inputs(&inputs, Wanted::ByName, folder.path()).expect("listed").files.len(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn loops_of_links_end() {
        let folder = folder(&["d/a.csv"]);
        std::os::unix::fs::symlink(folder.path().join("d"), folder.path().join("d/again")).expect("link");
        assert_eq!(names("d", Wanted::ByName, folder.path()), ["d/a.csv"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_multiply_folders_are_followed_once() {
        use std::os::unix::fs::symlink;
        // Two links in each of 40 folders to the next one: 2⁴⁰ paths, one file.
        let folder = folder(&["root/0.csv", "chain/39/a.csv"]);
        for level in 0..39 {
            let path = folder.path().join(format!("chain/{level}"));
            fs::create_dir_all(&path).expect("folder");
            for name in ["x", "y"] {
                symlink(folder.path().join(format!("chain/{}", level + 1)), path.join(name)).expect("link");
            }
        }
        symlink(folder.path().join("chain/0"), folder.path().join("root/c")).expect("link");
        let found = names("root", Wanted::ByName, folder.path());
        assert_eq!(found, ["root/0.csv".to_owned(), format!("root/c{}/a.csv", "/x".repeat(39))]);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_nowhere_are_refused_where_their_name_asks_for_them() {
        use std::os::unix::fs::symlink;
        let folder = folder(&["d/a.csv"]);
        symlink("b.csv", folder.path().join("d/b.csv")).expect("link to itself");
        symlink("gone", folder.path().join("d/c.csv")).expect("link");
        symlink("gone", folder.path().join("d/c.pdf")).expect("link");
        let listing = list_inputs(&Inputs::One("d".into()), Wanted::ByName, folder.path()).expect("listed");
        let refused: Vec<_> = listing.files.iter().map(|file| (&*file.name, file.refusal.is_some())).collect();
        assert_eq!(refused, [("d/a.csv", false), ("d/b.csv", true), ("d/c.csv", true)]);
    }

    #[test]
    fn inputs_that_are_not_there_are_named() {
        let folder = folder(&["d/a.txt"]);
        let error = |text: &str| {
            list_inputs(&Inputs::One(text.into()), Wanted::Only(Format::Csv), folder.path())
                .expect_err("nothing")
                .to_string()
        };
        assert_eq!(error("missing.csv"), "cannot read missing.csv");
        assert_eq!(error("d/*.csv"), "d/*.csv: matches no file");
        assert_eq!(error("d"), "d: the folder has no file of kind csv, nor an archive");
        assert_eq!(error("nowhere/*.csv"), "nowhere/*.csv: there is no folder \"nowhere\"");
        assert!(error("d/[.csv").starts_with("cannot read the pattern \"d/[.csv\": "));
    }
}
