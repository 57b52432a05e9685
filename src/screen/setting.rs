//! `--set key=value`: changes a plan from the command line.

use super::error::PlanError;

/// Sets `a.b=value` or `filter.0.below=value` in a plan. The value is read as TOML, else taken as text.
pub(super) fn apply(document: &mut toml::Table, setting: &str) -> Result<(), PlanError> {
    let bad = |reason: &str| PlanError::Setting { setting: setting.into(), reason: reason.into() };
    let (path, text) = setting.split_once('=').ok_or_else(|| bad("expected key=value"))?;
    let value = toml::from_str::<toml::Table>(&format!("value = {text}"))
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| toml::Value::String(text.into()));
    let mut keys: Vec<&str> = path.trim().split('.').collect();
    let last = keys.pop().filter(|key| !key.is_empty()).ok_or_else(|| bad("the key is empty"))?;
    let Some((first, rest)) = keys.split_first() else {
        return Err(bad("expected table.key, for example run.batch=1024"));
    };
    let mut place = document.entry((*first).to_owned()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    for key in rest {
        place = match place {
            toml::Value::Table(table) => {
                table.entry((*key).to_owned()).or_insert_with(|| toml::Value::Table(toml::Table::new()))
            }
            toml::Value::Array(items) => key
                .parse::<usize>()
                .ok()
                .and_then(|i| items.get_mut(i))
                .ok_or_else(|| bad(&format!("`{key}` is no item of the list, count from 0")))?,
            _ => return Err(bad(&format!("`{key}` is inside a plain value"))),
        };
    }
    match place {
        toml::Value::Table(table) => {
            table.insert(last.to_owned(), value);
            Ok(())
        }
        toml::Value::Array(items) => {
            let item = last.parse::<usize>().ok().and_then(|i| items.get_mut(i));
            *item.ok_or_else(|| bad(&format!("`{last}` is no item of the list, count from 0")))? = value;
            Ok(())
        }
        _ => Err(bad("the key is inside a plain value")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_lists_are_addressed_by_number() {
        let mut document: toml::Table = "[[filter]]\nname='window'\nbelow='1 eV'".parse().expect("toml");
        apply(&mut document, "filter.0.below=2 eV").expect("good setting");
        assert_eq!(document["filter"][0]["below"].as_str(), Some("2 eV"));
        assert!(apply(&mut document, "filter.1.below=2 eV").is_err());
        assert!(apply(&mut document, "batch").is_err());
    }
}
