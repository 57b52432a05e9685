//! Our half of `import.py`: imports every model of a folder, predicts the rows there, writes predictions and times.

use std::path::Path;
use std::time::Instant;

use matsieve::candidate::Rows;
use matsieve::surrogate::import::{Imported, read_bytes};

type Anything = Box<dyn std::error::Error>;

fn main() -> Result<(), Anything> {
    let Some(folder) = std::env::var_os("MATSIEVE_IMPORT_PEER") else {
        println!("nothing to do: run benches/peers/import.py");
        return Ok(());
    };
    let folder = Path::new(&folder);
    let bytes = std::fs::read(folder.join("x_test"))?;
    let x: Vec<f64> = bytes.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    let mut names: Vec<String> = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_, std::io::Error>>()?;
    names.retain(|name| name != "x_test" && !name.contains('.'));
    names.sort();
    for name in names {
        let start = Instant::now();
        let foreign = read_bytes(&std::fs::read(folder.join(&name))?)?;
        let (imported, used) = Imported::fit(&foreign)?;
        let importing = start.elapsed().as_secs_f64();
        let width = foreign.features.len();
        let rows: Vec<usize> = (0..x.len() / width).collect();
        let mut out = vec![0.0; rows.len()];
        let mut least = f64::INFINITY;
        for _ in 0..5 {
            let start = Instant::now();
            imported.predict(Rows::new(&x, width, &rows, &used), &mut out);
            least = least.min(start.elapsed().as_secs_f64());
        }
        let bytes: Vec<u8> = out.iter().flat_map(|value| value.to_le_bytes()).collect();
        std::fs::write(folder.join(format!("{name}.predictions")), bytes)?;
        println!("{name} {} {} {importing}", least / rows.len() as f64 * 1e6, imported.spec().leaves);
    }
    Ok(())
}
