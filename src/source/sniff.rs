//! What the first bytes of a text say about its format.

use super::Format;

/// Keys that tell whose JSON it is; the first one that is found decides.
const KEYS: &[(&[u8], Format)] = &[
    (b"x-optimade", Format::OptimadeJsonl),
    (b"lattice_vectors", Format::OptimadeJson),
    (b"cartesian_site_positions", Format::OptimadeJson),
    (b"species_at_sites", Format::OptimadeJson),
    (b"dimension_types", Format::OptimadeJson),
    (b"nperiodic_dimensions", Format::OptimadeJson),
    (b"elements_ratios", Format::OptimadeJson),
    (b"chemical_formula_reduced", Format::OptimadeJson),
    (b"chemical_formula_anonymous", Format::OptimadeJson),
    (b"api_version", Format::OptimadeJson),
    (b"lattice_mat", Format::JarvisJson),
    (b"jid", Format::JarvisJson),
    (b"@module", Format::PymatgenJson),
    (b"@class", Format::PymatgenJson),
    (b"lattice", Format::PymatgenJson),
    (b"structure", Format::PymatgenJson),
    (b"sites", Format::PymatgenJson),
    (b"abc", Format::PymatgenJson),
];

/// The format of a text; `None` for tables and prose.
pub(super) fn text_format(head: &[u8]) -> Option<Format> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if matches!(head.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return json_format(head);
    }
    if head.starts_with(b"#\\#CIF_") {
        return Some(Format::Cif);
    }
    let mut lines = head.split(|byte| matches!(byte, b'\n' | b'\r'));
    let first = lines.clone().map(<[u8]>::trim_ascii).find(|line| !line.is_empty() && line[0] != b'#')?;
    let numbers = |line: &[u8]| {
        let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        words.map_while(|word| std::str::from_utf8(word).ok()?.parse::<f64>().ok()).count()
    };
    let first_word = first.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    if matches!(first_word, b"lattice_vector" | b"atom" | b"atom_frac") && numbers(&first[first_word.len()..]) == 3 {
        return Some(Format::FhiAims);
    }
    if is_cif(first_word) {
        return Some(Format::Cif);
    }
    if first.starts_with(b"Full Formula (") {
        return Some(Format::PymatgenPrint);
    }
    let (_, second) = (lines.next()?, lines.next()?);
    if first.iter().all(u8::is_ascii_digit) && find(second, b"Lattice").is_some() {
        return Some(Format::Extxyz);
    }
    let is_poscar =
        numbers(second) >= 1 && lines.clone().filter(|line| !line.is_empty()).take(3).all(|l| numbers(l) == 3);
    (is_poscar && lines.filter(|line| !line.is_empty()).count() >= 4).then_some(Format::Poscar)
}

/// Whether the first word is one of CIF's grammar or one of the data names that structures have: fragments may lack their
/// `data_` line.
fn is_cif(first_word: &[u8]) -> bool {
    let begins = |word: &[u8]| first_word.get(..word.len()).is_some_and(|front| front.eq_ignore_ascii_case(word));
    (begins(b"data_") && first_word.len() > 5)
        || first_word.eq_ignore_ascii_case(b"loop_")
        || [&b"_cell_"[..], b"_cell.", b"_atom_site", b"_symmetry_", b"_space_group", b"_chemical_"]
            .into_iter()
            .any(begins)
}

/// Whose JSON it is.
pub(super) fn json_format(head: &[u8]) -> Option<Format> {
    let mut rest = head;
    while let Some(start) = rest.iter().position(|&byte| byte == b'"') {
        let text = &rest[start + 1..];
        let mut end = 0;
        while end < text.len() && text[end] != b'"' {
            end += if text[end] == b'\\' { 2 } else { 1 };
        }
        let word = text.get(..end)?;
        rest = text.get(end + 1..)?;
        let Some(value) = rest.trim_ascii_start().strip_prefix(b":") else { continue };
        if let Some((_, format)) = KEYS.iter().find(|(key, _)| *key == word) {
            return Some(*format);
        }
        if word == b"type" && value.trim_ascii_start().starts_with(b"\"structures\"") {
            return Some(Format::OptimadeJson);
        }
    }
    None
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_tell_the_format() {
        for (text, format) in [
            ("# x\n\ndata_global\n", Some(Format::Cif)),
            ("DATA_x\r\n", Some(Format::Cif)),
            ("#\\#CIF_2.0\n# x\n", Some(Format::Cif)),
            ("_cell_length_a 5.0\n", Some(Format::Cif)),
            (" loop_\n_symmetry_equiv_pos_as_xyz\n", Some(Format::Cif)),
            ("data,x\n1,2\n", None),
            ("#=\n#made\nlattice_vector 1 0 0\n", Some(Format::FhiAims)),
            ("Full Formula (Si2)\nabc", Some(Format::PymatgenPrint)),
            ("2\nLattice=\"1 0 0", Some(Format::Extxyz)),
            ("c\n1.0\n1 0 0\n0 1 0\n0 0 1\nFe\n1\nDirect\n", Some(Format::Poscar)),
            ("c\r\n1.0\r\n1 0 0\r\n0 1 0\r\n0 0 1\r\nFe\r\n", None),
            ("{\"@module\": \"pymatgen.core.structure\"", Some(Format::PymatgenJson)),
            ("[{\"a \\\" jid\": \"jid\", \"structure\": {", Some(Format::PymatgenJson)),
            (" [{\"jid\": \"JVASP-1\", \"atoms\": {", Some(Format::JarvisJson)),
            ("{\"data\": [{\"id\": \"1\", \"type\": \"structures\"", Some(Format::OptimadeJson)),
            ("{\"x-optimade\": {}}", Some(Format::OptimadeJsonl)),
            ("{\"a\": [1, 2]}", None),
            ("formula,x\nFe,1\n", None),
            ("a b\n1 2\n", None),
            ("{\"a\\", None),
            ("", None),
        ] {
            assert_eq!(Format::of_content(text.as_bytes()), format, "{text}");
        }
    }

    #[test]
    fn content_refines_what_names_say() {
        let jarvis = b"[{\"jid\": \"1\"";
        assert_eq!(Format::PymatgenJson.refined(jarvis), Format::JarvisJson);
        assert_eq!(Format::OptimadeJsonl.refined(jarvis), Format::JarvisJson);
        assert_eq!(Format::OptimadeJsonl.refined(b"{\"id\": \"1\", \"type\": \"structures\""), Format::OptimadeJson);
        assert_eq!(Format::OptimadeJsonl.refined(b"{\"x\": 1}"), Format::PymatgenJson);
        assert_eq!(Format::Extxyz.refined(b"lattice_vector 1 0 0\n"), Format::FhiAims);
        assert_eq!(Format::Extxyz.refined(b"3\nwater\n"), Format::Extxyz);
        assert_eq!(Format::Csv.refined(jarvis), Format::Csv);
    }
}
