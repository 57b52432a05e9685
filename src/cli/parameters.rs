//! Arguments for parameters of descriptors, shared by `featurize`, `train` and `evaluate`.

use serde_json::{Map, Value};

use super::CliError;

/// Parameters of descriptors.
#[derive(clap::Args, Debug, Clone, Default)]
pub struct ParameterArgs {
    /// Parameter of a descriptor, e.g. `--set sine_matrix.max_atoms=200` or `--set acsf.species='["O", "Ti"]'`
    #[arg(long = "set", value_name = "DESCRIPTOR.KEY=VALUE")]
    pub settings: Vec<String>,
    /// Takes parameters that decide the number of columns (max_atoms, species) from the candidates, in a first pass over them
    #[arg(long)]
    pub fit: bool,
}

impl ParameterArgs {
    /// Parameters by descriptor. Values are read as TOML, else taken as text.
    ///
    /// # Errors
    /// A setting that is not `descriptor.key=value`.
    pub fn by_descriptor(&self) -> Result<Map<String, Value>, CliError> {
        let mut all = Map::new();
        for setting in &self.settings {
            let wrong = || CliError::usage(format!("--set {setting}: expected DESCRIPTOR.KEY=VALUE"));
            let (path, text) = setting.split_once('=').ok_or_else(wrong)?;
            let (descriptor, key) = path.trim().split_once('.').ok_or_else(wrong)?;
            if descriptor.is_empty() || key.is_empty() || key.contains('.') {
                return Err(wrong());
            }
            let table = all.entry(descriptor).or_insert_with(|| Value::Object(Map::new()));
            table.as_object_mut().ok_or_else(wrong)?.insert(key.to_owned(), value(text));
        }
        Ok(all)
    }
}

fn value(text: &str) -> Value {
    let read = toml::from_str::<Map<String, Value>>(&format!("value = {text}")).ok();
    read.and_then(|mut table| table.shift_remove("value")).unwrap_or_else(|| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(settings: &[&str]) -> Result<Value, String> {
        let args = ParameterArgs { settings: settings.iter().map(|s| (*s).to_owned()).collect(), fit: false };
        args.by_descriptor().map(Value::Object).map_err(|error| error.error.to_string())
    }

    #[test]
    fn settings_are_gathered_by_descriptor() {
        let found = read(&["acsf.species=['O', 'Ti']", "acsf.r_cut = 5", "agni.resolve=orbits"]);
        let expected = json!({ "acsf": { "species": ["O", "Ti"], "r_cut": 5 }, "agni": { "resolve": "orbits" } });
        assert_eq!(found, Ok(expected));
    }

    #[test]
    fn settings_without_descriptor_are_refused() {
        for wrong in ["max_atoms=3", "sine_matrix.max_atoms", "a.b.c=1", ".b=1"] {
            assert_eq!(read(&[wrong]), Err(format!("--set {wrong}: expected DESCRIPTOR.KEY=VALUE")));
        }
    }
}
