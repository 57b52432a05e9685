//! From the bytes of a data block to a structure.

use crate::candidate::{Fault, FaultCode, Stage};
use crate::chem::Composition;
use crate::crystal::{Lattice, Structure};
use crate::source::structure::{MAX_RECORD, StructureReader, StructureRecord};

use super::block::Block;
use super::cell::cell;
use super::expand::expand;
use super::sites::{Atom, BadSite, atoms};
use super::symmetry::{Symmetry, symmetry};
use super::tag::Key;

/// Reads CIF data blocks.
pub(in crate::source::structure) struct CifReader;

impl StructureReader for CifReader {
    fn read(&self, record: &[u8], out: &mut StructureRecord) -> Result<(), Fault> {
        out.properties.clear();
        out.id.clear();
        if record.len() > MAX_RECORD {
            return Err(Fault::new(
                Stage::Parse,
                FaultCode::TooLarge,
                format!("the data block is longer than {MAX_RECORD} bytes"),
            ));
        }
        let at_line =
            |at: usize, code, why: &str| Fault::new(Stage::Parse, code, format!("line {}: {why}", line_of(record, at)));
        let mut block = Block::read(record);
        // Records that a table holds may have blocks without atoms before and behind the one that matters.
        while let Some(next) = block.next.filter(|_| !block.lists_atoms()) {
            block = Block::read_at(record, next);
        }
        if let Some(second) = other_structure(record, block.next) {
            let why = "a second data block with atoms begins within the record of the first one";
            return Err(at_line(second, FaultCode::UnparsableCif, why));
        }
        let read = structure(&block);
        match (read, block.unclosed) {
            (Ok(structure), _) => {
                out.structure = Some(structure);
                let name = block.name.map_or(&b""[..], |name| name.of(record));
                out.id.push_str(&String::from_utf8_lossy(name));
                Ok(())
            }
            (Err(bad), Some(at)) => {
                let why = format!("nothing closes the text field or list that begins here; {}", bad.why);
                Err(at_line(at, FaultCode::UnparsableCif, &why))
            }
            (Err(bad), None) => Err(at_line(bad.at, bad.code, &bad.why)),
        }
    }
}

/// Where the first block with atoms begins, from `next` on.
fn other_structure(record: &[u8], mut next: Option<usize>) -> Option<usize> {
    while let Some(start) = next {
        let block = Block::read_at(record, start);
        if block.lists_atoms() {
            return Some(start);
        }
        next = block.next;
    }
    None
}

/// The line, from 1, that holds a byte; lines end with LF, CRLF or CR.
fn line_of(record: &[u8], at: usize) -> usize {
    let before = &record[..at.min(record.len())];
    let ends = |pair: &[u8]| pair[0] == b'\n' || (pair[0] == b'\r' && pair.get(1) != Some(&b'\n'));
    1 + (0..before.len()).filter(|&place| ends(&record[place..record.len().min(place + 2)])).count()
}

fn structure(block: &Block<'_>) -> Result<Structure, BadSite> {
    let lattice = cell(block).map_err(|bad| BadSite { at: bad.at, code: bad.code, why: bad.why })?;
    let atoms = atoms(block, &lattice)?;
    if atoms.is_empty() {
        let why = "no atom is left: all rows are dummies or have an occupancy of zero".into();
        return Err(BadSite { at: block.bytes.len(), code: FaultCode::EmptyComposition, why });
    }
    let found = symmetry(block, &lattice).map_err(|bad| BadSite {
        at: bad.at,
        code: FaultCode::UnknownSymmetry,
        why: bad.why,
    })?;
    with_origin(block, &atoms, found, &lattice)
}

/// Expands the atoms. Where the file leaves open which of two origins it means, the one whose cell has the composition
/// that the file states is taken; else the one with fewer sites, as atoms prefer special positions; else the first.
fn with_origin(block: &Block<'_>, atoms: &[Atom], found: Symmetry, lattice: &Lattice) -> Result<Structure, BadSite> {
    let first = expand(atoms, &found.operations, lattice);
    let Some(other) = found.other_origin else { return first };
    match (first, expand(atoms, &other, lattice)) {
        (Ok(first), Ok(second)) => {
            let stated = block.item_of(Key::FORMULA_SUM).and_then(|span| stated(span.of(block.bytes)));
            let agrees = |structure: &Structure| {
                stated.as_ref().is_some_and(|stated| is_multiple(&structure.composition(), stated))
            };
            let second_is_better = match (agrees(&first), agrees(&second)) {
                (true, false) => false,
                (false, true) => true,
                _ => second.len() < first.len(),
            };
            Ok(if second_is_better { second } else { first })
        }
        (Ok(structure), Err(_)) | (Err(_), Ok(structure)) => Ok(structure),
        (Err(bad), Err(_)) => Err(bad),
    }
}

fn stated(formula: &[u8]) -> Option<Composition> {
    crate::chem::parse_formula(std::str::from_utf8(formula).ok()?).ok()
}

/// Whether the two differ by a factor only, amounts within 1 %.
fn is_multiple(a: &Composition, b: &Composition) -> bool {
    a.num_elements() == b.num_elements()
        && a.elements().all(|element| (a.fraction(element) - b.fraction(element)).abs() <= 0.01 * a.fraction(element))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_bytes(text: &[u8]) -> Result<StructureRecord, Fault> {
        let mut record = StructureRecord::default();
        CifReader.read(text, &mut record).map(|()| record)
    }

    fn read(text: &str) -> Structure {
        read_bytes(text.as_bytes()).unwrap_or_else(|fault| panic!("{fault}\n{text}")).structure.expect("a structure")
    }

    fn refused(text: &str) -> (FaultCode, String) {
        let fault = read_bytes(text.as_bytes()).expect_err(text);
        (fault.code, fault.detail.into_owned())
    }

    /// A cell by its parameters, then `rest`.
    fn with_cell(parameters: [&str; 6], rest: &str) -> String {
        let [a, b, c, alpha, beta, gamma] = parameters;
        format!(
            "data_x\n_cell_length_a {a}\n_cell_length_b {b}\n_cell_length_c {c}\n_cell_angle_alpha {alpha}\n\
             _cell_angle_beta {beta}\n_cell_angle_gamma {gamma}\n{rest}"
        )
    }

    /// A cube of 5.64 Å with these symmetry lines and atoms.
    fn cube(symmetry: &str, atoms: &str) -> String {
        with_cell(["5.64", "5.64", "5.64", "90", "90", "90"], &format!("{symmetry}\n{}", sites(atoms)))
    }

    fn sites(atoms: &str) -> String {
        format!("loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n{atoms}\n")
    }

    /// Symbols with the coordinates in [0, 1), rounded, in order.
    fn places(structure: &Structure) -> Vec<(&'static str, [i64; 3])> {
        let rounded = |x: f64| ((x - x.floor()) * 1e4).round() as i64 % 10_000;
        let mut all: Vec<_> = (0..structure.len())
            .map(|site| (structure.occupants(site)[0].element.symbol(), structure.fracs()[site].map(rounded)))
            .collect();
        all.sort_unstable();
        all
    }

    fn amounts(structure: &Structure) -> Vec<(&'static str, f64)> {
        structure.composition().pairs().iter().map(|(element, amount)| (element.symbol(), *amount)).collect()
    }

    const SALT: &str = "Na1 0 0 0\nCl1 0.5 0.5 0.5";

    /// Rock salt, however its symmetry is told: Na on 4a and Cl on 4b of group 225 (International Tables A).
    #[test]
    fn the_same_symmetry_told_in_four_ways_gives_the_same_sites() {
        let na = [[0, 0, 0], [0, 5000, 5000], [5000, 0, 5000], [5000, 5000, 0]].map(|place| ("Na", place));
        let cl = [[0, 0, 5000], [0, 5000, 0], [5000, 0, 0], [5000, 5000, 5000]].map(|place| ("Cl", place));
        let expected: Vec<_> = cl.into_iter().chain(na).collect();
        let generators =
            "loop_\n_symmetry_equiv_pos_as_xyz\n'x,y,z'\n'x,y+1/2,z+1/2'\n'x+1/2,y,z+1/2'\n'x+1/2,y+1/2,z'";
        for symmetry in [
            "_symmetry_space_group_name_H-M 'F m -3 m'",
            "_space_group_name_Hall '-F 4 2 3'",
            "_symmetry_Int_Tables_number 225",
            "_space_group_name_H-M_alt Fm3m",
            generators,
        ] {
            assert_eq!(places(&read(&cube(symmetry, SALT))), expected, "{symmetry}");
        }
    }

    /// Diamond: 8a at the origin of choice 1 and at 1/8 of choice 2. Without a choice the fewer sites decide (at 1/8 of
    /// choice 1 there are 16).
    #[test]
    fn origin_choices_are_told_or_found() {
        for (symbol, atom) in [("F d -3 m:1", "0 0 0"), ("F d -3 m:2", "0.125 0.125 0.125"), ("F d -3 m", "0 0 0")] {
            let silicon = read(&cube(&format!("_symmetry_space_group_name_H-M '{symbol}'"), &format!("Si1 {atom}")));
            assert_eq!(silicon.len(), 8, "{symbol}");
        }
        assert_eq!(read(&cube("_symmetry_Int_Tables_number 227", "Si1 0.125 0.125 0.125")).len(), 8);
        // The composition decides before the number of sites does: spinel MgAl2O4 with Al at 16d of choice 2.
        let spinel = "_symmetry_Int_Tables_number 227\n_chemical_formula_sum 'Al2 Mg O4'";
        let spinel = read(&cube(spinel, "Mg 0.125 0.125 0.125\nAl 0.5 0.5 0.5\nO 0.2624 0.2624 0.2624"));
        assert_eq!(amounts(&spinel), [("Mg", 8.0), ("Al", 16.0), ("O", 32.0)]);
    }

    /// Bismuth, R -3 m: six atoms in the hexagonal cell, two in the rhombohedral one.
    #[test]
    fn rhombohedral_cells_are_told_by_their_metric() {
        let symmetry = "_symmetry_space_group_name_H-M 'R -3 m'\n";
        let hexagonal = with_cell(
            ["4.546", "4.546", "11.862", "90", "90", "120"],
            &(symmetry.to_owned() + &sites("Bi 0 0 0.23389")),
        );
        assert_eq!(read(&hexagonal).len(), 6);
        let angle = "57.23";
        let rhombohedral = with_cell(
            ["4.746", "4.746", "4.746", angle, angle, angle],
            &(symmetry.to_owned() + &sites("Bi 0.23389 0.23389 0.23389")),
        );
        assert_eq!(read(&rhombohedral).len(), 2);
    }

    /// Magnesium on 2c of P 63/m m c, where 0.3333 and 0.667 mean thirds; each of 24 operations brings one of two sites.
    #[test]
    fn rounded_thirds_lie_on_their_special_position() {
        for (x, y) in [("0.3333", "0.6667"), ("0.333", "0.667"), (".33333(2)", "0.66667(2)")] {
            let atoms = sites(&format!("Mg {x} {y} 0.25"));
            let text = with_cell(
                ["3.209", "3.209", "5.211", "90", "90", "120"],
                &("_symmetry_space_group_name_H-M 'P 63/m m c'\n".to_owned() + &atoms),
            );
            let magnesium = read(&text);
            assert_eq!(magnesium.len(), 2, "{x}");
            assert_eq!(magnesium.fracs()[0], [1.0 / 3.0, 2.0 / 3.0, 0.25]);
        }
    }

    #[test]
    fn values_may_be_quoted_uncertain_or_text_and_loops_in_any_order() {
        let text = "data_x\nloop_\n_atom_site_fract_z _atom_site_occupancy _atom_site_fract_x _atom_site_label _atom_site_fract_y\n\
            0.5(1) . '0.25' 'Na 1' \"-0.1(20)\"\n;\n1/3\n;\n? 0 Cl2 .5E+00\n\
            _cell_length_c\n;5.0(2)\n;\n_cell_length_a '4.0' _cell_length_b 4.5(10)\n_cell_angle_alpha ?\n";
        let structure = read(text);
        assert_eq!(structure.fracs(), [[0.25, -0.1, 0.5], [0.0, 0.5, 1.0 / 3.0]]);
        assert!(structure.is_ordered());
        assert!((structure.lattice().volume() - 90.0).abs() < 1e-9);
    }

    #[test]
    fn every_line_ending_and_encoding_says_the_same() {
        let text = cube("# é: bytes of any encoding in comments", SALT);
        let expected = read(&text);
        for end in ["\r\n", "\r"] {
            assert_eq!(read(&text.replace('\n', end)), expected, "{end:?}");
        }
        assert_eq!(read(&format!("\u{feff}{text}\u{1a}")), expected);
        let latin: Vec<u8> = text.bytes().filter(|byte| *byte != 0xC3).collect();
        assert_eq!(read_bytes(&latin).expect("read").structure.expect("a structure"), expected);
    }

    #[test]
    fn shared_and_partly_filled_sites_stay_as_they_are() {
        let header = "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n\
            _atom_site_fract_z\n_atom_site_occupancy\n_atom_site_disorder_group\n";
        let rows = "Fe1 Fe3+ 0 0 0 0.75(1) .\nNi1 Ni2+ 0 0 0 0.25 .\nO1 O2- 0.5 0.5 0.5 0.5 1\nO2 O2- 0.52 0.5 0.5 0.5 2\n\
            C1 C 0.2 0.2 0.2 0 .\n";
        let structure = read(&with_cell(["4", "4", "4", "90", "90", "90"], &format!("{header}{rows}")));
        assert_eq!(structure.len(), 3);
        let iron = structure.occupants(0)[0];
        assert_eq!((iron.occupancy, iron.oxidation), (0.75, Some(3.0)));
        assert_eq!(amounts(&structure), [("Fe", 0.75), ("Ni", 0.25), ("O", 1.0)]);
        assert!(!structure.is_ordered());
    }

    /// Found by fuzzing: a share of nothing, or one too small for a number, is nobody.
    #[test]
    fn a_mixture_may_hold_nothing_of_an_element() {
        let header = "loop_\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n\
            _atom_site_occupancy\n";
        let rows = "'1.0Nb + 0.0Zr' 0 0 0 1\n'0.5O + 0.5F' 0.5 0.5 0.5 5e-324\nCl 0.5 0 0 1\n";
        let structure = read(&with_cell(["4", "4", "4", "90", "90", "90"], &format!("{header}{rows}")));
        assert_eq!(amounts(&structure), [("Nb", 1.0), ("Cl", 1.0)]);
    }

    #[test]
    fn deuterium_is_hydrogen_and_dummies_are_nobody() {
        let structure = read(&cube("", "D1 0 0 0\nX1 0.1 0.1 0.1\nCg1 0.2 0.2 0.2\nO1 0.5 0 0"));
        assert_eq!(amounts(&structure), [("H", 1.0), ("O", 1.0)]);
        let header =
            "loop_\n_atom_site_label _atom_site_calc_flag _atom_site_fract_x _atom_site_fract_y _atom_site_fract_z\n";
        let flagged = with_cell(["4", "4", "4", "90", "90", "90"], &format!("{header}C1 dum 0 0 0\nO1 d 0.5 0 0\n"));
        assert_eq!(amounts(&read(&flagged)), [("O", 1.0)]);
    }

    #[test]
    fn oxidation_states_come_from_their_own_loop_before_the_symbol() {
        let types = "loop_\n_atom_type_symbol\n_atom_type_oxidation_number\nFe2+ 2.5\nO ?\n";
        let atoms = "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n\
            _atom_site_fract_z\nFe1 Fe2+ 0 0 0\nO1 O 0.5 0.5 0.5\nS1 S2- 0.5 0 0\n";
        let structure = read(&with_cell(["4", "4", "4", "90", "90", "90"], &format!("{types}{atoms}")));
        let states: Vec<_> = (0..3).map(|site| structure.occupants(site)[0].oxidation).collect();
        assert_eq!(states, [Some(2.5), None, Some(-2.0)]);
    }

    /// The parent is P m -3 m; the magnetic cell, doubled along a, lists its own operations and centring.
    #[test]
    fn magnetic_cif_is_read_for_its_atoms() {
        let symmetry = "_parent_space_group.name_H-M_alt 'P m -3 m'\n_space_group_magn.number_BNS 10.49\n\
            loop_\n_space_group_symop_magn_operation.id\n_space_group_symop_magn_operation.xyz\n1 x,y,z,+1\n2 -x,-y,-z,+1\n\
            loop_\n_space_group_symop_magn_centering.id\n_space_group_symop_magn_centering.xyz\n1 x,y,z,+1\n2 x+1/2,y,z,-1\n\
            loop_\n_atom_site_moment.label\n_atom_site_moment.crystalaxis_x\nMn1 3.9\n";
        let structure = read(&with_cell(
            ["8", "4", "4", "90", "90", "90"],
            &format!("{symmetry}{}", sites("Mn1 0 0 0\nO1 0.25 0.1 0.1")),
        ));
        assert_eq!(amounts(&structure), [("Mn", 2.0), ("O", 4.0)]);
    }

    /// Bonds, as many as there may be, before and behind the atoms, are no atoms.
    #[test]
    fn bonds_are_passed_over() {
        let bonds = "loop_\n_geom_bond_atom_site_label_1\n_geom_bond_atom_site_label_2\n_geom_bond_distance\n\
            _geom_bond_site_symmetry_2\n"
            .to_owned()
            + &"Na1 Cl1 2.820(1) 1_555\n".repeat(2000);
        let text = cube(&bonds, SALT) + &bonds;
        assert_eq!(read(&text).len(), 2);
    }

    #[test]
    fn cartesian_coordinates_use_the_matrix_of_the_file_or_a_along_x() {
        let atoms = "loop_\n_atom_site_label\n_atom_site_Cartn_x\n_atom_site_Cartn_y\n_atom_site_Cartn_z\nNa 2 1 3\n";
        let cell = ["4", "4", "6", "90", "90", "90"];
        let square = read(&with_cell(cell, atoms));
        assert!(square.fracs()[0].iter().zip([0.5, 0.25, 0.5]).all(|(a, b)| (a - b).abs() < 1e-12));
        // Hexagonal, a along x: the fractional (1/3, 2/3) is Cartesian (0, a/√3).
        let hexagonal =
            read(&with_cell(["3", "3", "5", "90", "90", "120"], &atoms.replace("2 1 3", "0 1.7320508075688772 0")));
        assert!(hexagonal.fracs()[0].iter().zip([1.0 / 3.0, 2.0 / 3.0, 0.0]).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn names_and_blocks_without_atoms_do_not_hide_the_structure() {
        let text = format!("data_global\n_journal x\n{}data_text\n_a 1\n", cube("", SALT));
        let record = read_bytes(text.as_bytes()).expect("read");
        assert_eq!((record.id.as_str(), record.structure.expect("a structure").len()), ("x", 2));
        let (code, detail) = refused(&format!("{}{}", cube("", SALT), cube("", SALT)));
        assert_eq!(
            (code, detail.starts_with("line 16: a second data block")),
            (FaultCode::UnparsableCif, true),
            "{detail}"
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let salt = |atoms: &str| cube("", atoms);
        for (text, code, line, part) in [
            (salt("Na1 0 0 0\nCl1 0.5 half 0.5"), FaultCode::UnparsableCif, 15, "\"half\""),
            (salt("Na1 0 0 0\nCl1 0.5 ? 0.5"), FaultCode::UnparsableCif, 15, "\"?\""),
            (salt("Na1 0 0 0\nQz1 0.5 0.5 0.5"), FaultCode::UnknownElement, 15, "\"Qz1\" names no element"),
            (salt("Na1 0 0 0\nCl1 0.5"), FaultCode::UnparsableCif, 15, "2 of 4 values in its last row"),
            (salt("X1 0 0 0"), FaultCode::EmptyComposition, 15, "no atom is left"),
            (cube("_symmetry_space_group_name_H-M 'P 9'", SALT), FaultCode::UnknownSymmetry, 8, "P 9"),
            (salt(SALT).replace("_cell_length_a 5.64", "_cell_length_a 0.0"), FaultCode::ZeroVolume, 2, "0, 5.64"),
            (
                salt(SALT).replace("_cell_length_b 5.64", "_b 1"),
                FaultCode::UnparsableCif,
                2,
                "_cell_length_a, _b and _c",
            ),
            (salt(SALT).replace("_atom_site_fract_z", "_atom_z"), FaultCode::UnparsableCif, 14, "has no atoms"),
            (salt("Na1 0 0 0") + "_x\n;\nopen", FaultCode::UnparsableCif, 0, ""),
        ] {
            if part.is_empty() {
                assert_eq!(read(&text).len(), 1, "a text field that nothing closes hides nothing before it");
                continue;
            }
            let (found, detail) = refused(&text);
            assert!(
                found == code && detail.starts_with(&format!("line {line}: ")),
                "{found} {detail}, expected {line}"
            );
            assert!(detail.contains(part), "{detail}");
        }
        let open = refused(&cube("_x\n;\nopen", SALT));
        assert!(open.1.starts_with("line 9: nothing closes the text field"), "{}", open.1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        /// Texts with a few bytes altered, removed or doubled are read or refused; nothing panics.
        #[test]
        fn damaged_texts_are_read_or_refused(
            edits in proptest::collection::vec((0_usize..4096, 0_usize..4, proptest::num::u8::ANY), 1..12),
            version_2: bool,
        ) {
            let text = cube("_symmetry_space_group_name_H-M 'F d -3 m'\n_t\n;\ntext\n;\n_l [1 {'a':2}]", SALT);
            let mut bytes = if version_2 { format!("#\\#CIF_2.0\n{text}") } else { text }.into_bytes();
            for (place, what, byte) in edits {
                let place = place % bytes.len();
                match what {
                    0 => bytes[place] = byte,
                    1 => drop(bytes.remove(place)),
                    2 => bytes.insert(place, byte),
                    _ => bytes.extend_from_within(place..),
                }
                bytes.truncate(1 << 14);
                if bytes.is_empty() {
                    bytes.push(byte);
                }
            }
            let _ = read_bytes(&bytes);
        }
    }
}
