//! The symmetry operations of a data block.

use crate::crystal::Lattice;

use super::block::{Block, Column};
use super::hall::hall_operations;
use super::lexer::Span;
use super::number::{is_missing, number};
use super::operation::{Operation, distinct, is_group};
use super::space_group::{Setting, by_name, by_number};
use super::tag::Key;

/// More operations than any sensible setting has, supercells included.
const MAX_OPERATIONS: usize = 4096;

/// The operations that make all sites of a cell, the identity first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Symmetry {
    pub operations: Vec<Operation>,
    /// The same group with its other origin, where the file names a group of two origins and says not which.
    pub other_origin: Option<Vec<Operation>>,
}

/// Why there is no symmetry, and where in the record.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NoSymmetry {
    pub at: usize,
    pub why: String,
}

/// Finds the operations: those listed (magnetic ones first, as they belong to the magnetic cell), else those of superspace, else of
/// the Hall symbol, else of the Hermann-Mauguin symbol, else of the number; the identity alone where the block says nothing.
///
/// Listed operations that cannot be read or form no group give way to the group that the block names, where at least half
/// of them, the identity aside, belong to it.
///
/// # Errors
/// Operations that cannot be read, or that form no group; symbols and numbers, none of which is known.
pub(super) fn symmetry(block: &Block<'_>, lattice: &Lattice) -> Result<Symmetry, NoSymmetry> {
    for (key, parse) in [
        (Key::MAGNETIC_OPERATION, Operation::from_xyz as fn(&[u8]) -> Option<Operation>),
        (Key::OPERATION, Operation::from_xyz),
        (Key::SUPERSPACE_OPERATION, Operation::from_superspace),
    ] {
        let values = listed(block, key);
        if values.is_empty() {
            continue;
        }
        let centerings = if key == Key::MAGNETIC_OPERATION { listed(block, Key::MAGNETIC_CENTERING) } else { vec![] };
        return closed(block, &values, &centerings, parse).or_else(|wrong| {
            let named = named(block, lattice).map_err(|_| wrong.clone())?;
            // A slip of the pen in one of many operations, not another group.
            let (mut told, mut others) = (0, 0);
            for value in &values {
                match parse(value.of(block.bytes)) {
                    Some(operation) if operation.is(&Operation::IDENTITY) => {}
                    Some(operation) if named.operations.iter().any(|own| own.is(&operation)) => told += 1,
                    _ => others += 1,
                }
            }
            if told > 0 && told >= others { Ok(Symmetry { other_origin: None, ..named }) } else { Err(wrong) }
        });
    }
    named(block, lattice)
}

/// The operations that are listed, where they form a group; a list that leaves out the identity alone has it.
fn closed(
    block: &Block<'_>,
    values: &[Span],
    centerings: &[Span],
    parse: fn(&[u8]) -> Option<Operation>,
) -> Result<Symmetry, NoSymmetry> {
    let at = values[0].start as usize;
    let read = |value: &Span| {
        let text = value.of(block.bytes);
        parse(text).ok_or_else(|| NoSymmetry {
            at: value.start as usize,
            why: format!("{:?} is no symmetry operation", String::from_utf8_lossy(text)),
        })
    };
    let mut operations: Vec<Operation> = values.iter().map(read).collect::<Result<_, _>>()?;
    let shifts: Vec<Operation> = centerings.iter().map(read).collect::<Result<_, _>>()?;
    if !shifts.is_empty() {
        let add = |operation: &Operation| shifts.iter().map(|shift| shift.after(operation)).collect::<Vec<_>>();
        operations = operations.iter().flat_map(add).collect();
    }
    if operations.len() > MAX_OPERATIONS {
        let why = format!("{} symmetry operations, at most {MAX_OPERATIONS} are read", operations.len());
        return Err(NoSymmetry { at, why });
    }
    let mut operations = distinct(operations);
    match operations.iter().position(|operation| operation.is(&Operation::IDENTITY)) {
        Some(identity) => operations[..=identity].rotate_right(1),
        None => operations.insert(0, Operation::IDENTITY),
    }
    if operations.len() > 1 && !is_group(&operations) {
        let why = format!("the {} symmetry operations form no group: some product is missing", operations.len());
        return Err(NoSymmetry { at, why });
    }
    Ok(Symmetry { operations, other_origin: None })
}

/// The operations of a column as they are written; none where it is missing.
fn listed(block: &Block<'_>, key: Key) -> Vec<Span> {
    let Some(column) = block.column(key) else { return vec![] };
    let mut values = joined(block, column);
    if values.iter().all(|value| is_missing(value.of(block.bytes))) {
        values.clear();
    }
    values
}

/// The values of a column; where it stands alone in its loop and nobody quoted the blanks, parts that end with a comma are
/// joined with what follows.
fn joined(block: &Block<'_>, column: Column<'_>) -> Vec<Span> {
    let values = (0..column.rows()).map(|row| column.value(row));
    if block.table_of(column).is_none_or(|table| table.columns > 1) {
        return values.collect();
    }
    let mut joined: Vec<Span> = Vec::with_capacity(column.rows());
    for value in values {
        match joined.last_mut() {
            Some(last) if last.of(block.bytes).ends_with(b",") => last.end = value.end,
            _ => joined.push(value),
        }
    }
    joined
}

fn named(block: &Block<'_>, lattice: &Lattice) -> Result<Symmetry, NoSymmetry> {
    let mut unknown = None;
    let text =
        |key| block.item_of(key).map(|span| (span, String::from_utf8_lossy(span.of(block.bytes)).trim().to_owned()));
    let mut refuse =
        |span: Span, what: String| _ = unknown.get_or_insert(NoSymmetry { at: span.start as usize, why: what });
    if let Some((span, symbol)) = text(Key::HALL) {
        match hall_operations(&symbol) {
            Some(operations) => return Ok(Symmetry { operations, other_origin: None }),
            None => refuse(span, format!("{symbol:?} is no Hall symbol")),
        }
    }
    let choice = text(Key::SETTING_CODE).map(|(_, choice)| choice);
    if let Some((span, symbol)) = text(Key::HERMANN_MAUGUIN) {
        match best(&by_name(&symbol, choice.as_deref()), lattice) {
            Some(symmetry) => return Ok(symmetry),
            None => refuse(span, format!("{symbol:?} is the symbol of no known space-group setting")),
        }
    }
    if let Some((span, value)) = text(Key::GROUP_NUMBER) {
        let whole = number(value.as_bytes()).filter(|number| number.fract() == 0.0 && (1.0..=230.0).contains(number));
        match whole.and_then(|number| best(&by_number(number as u16), lattice)) {
            Some(symmetry) => return Ok(symmetry),
            None => refuse(span, format!("{value:?} is no number of a space group, 1 to 230")),
        }
    }
    match unknown {
        Some(unknown) => Err(unknown),
        None => Ok(Symmetry { operations: vec![Operation::IDENTITY], other_origin: None }),
    }
}

/// The first setting that the cell allows (axes of a monoclinic group, hexagonal or rhombohedral axes), else the first.
fn best(settings: &[Setting], lattice: &Lattice) -> Option<Symmetry> {
    let metric = metric(lattice);
    let fits = |setting: &&Setting| {
        hall_operations(setting.hall)
            .is_some_and(|operations| operations.iter().all(|operation| operation.fits(&metric)))
    };
    let chosen = if settings.len() > 1 { settings.iter().find(fits) } else { None }.or(settings.first())?;
    let other = chosen.choice.strip_prefix('1').and_then(|axes| {
        settings.iter().find(|other| other.number == chosen.number && other.choice.strip_prefix('2') == Some(axes))
    });
    let other_origin = other.and_then(|other| hall_operations(other.hall));
    Some(Symmetry { operations: hall_operations(chosen.hall)?, other_origin })
}

fn metric(lattice: &Lattice) -> [[f64; 3]; 3] {
    let rows = lattice.rows();
    std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| rows[i][k] * rows[j][k]).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUBE: [[f64; 3]; 2] = [[5.0; 3], [90.0; 3]];

    fn read(text: &str, [lengths, angles]: [[f64; 3]; 2]) -> Result<Symmetry, NoSymmetry> {
        let lattice = Lattice::from_parameters(lengths, angles).expect("a cell");
        symmetry(&Block::read(text.as_bytes()), &lattice)
    }

    fn count(text: &str) -> usize {
        read(text, CUBE).unwrap_or_else(|error| panic!("{text}: {error:?}")).operations.len()
    }

    #[test]
    fn operations_come_before_symbols_and_symbols_before_numbers() {
        let tags = "_symmetry_space_group_name_H-M 'F m -3 m'\n_symmetry_Int_Tables_number 2\n";
        assert_eq!(count(&format!("{tags}_symmetry_equiv_pos_as_xyz x,y,z")), 1);
        assert_eq!(count(&format!("{tags}loop_ _symmetry_equiv_pos_as_xyz ?")), 192);
        assert_eq!(count(&format!("{tags}_symmetry_space_group_name_Hall '-P 2ybc'")), 4);
        assert_eq!(count("_symmetry_Int_Tables_number 2"), 2);
        assert_eq!(count("_symmetry_space_group_name_H-M 'unknown' _space_group_IT_number 2"), 2);
        assert_eq!(count("_foo 1"), 1);
    }

    /// P 21/c with a slip in its third operation, and P n a 21 without its identity, after COD 2009397 and 8103382.
    #[test]
    fn a_slip_among_the_operations_gives_way_to_the_symbol() {
        let slip = "loop_ _symmetry_equiv_pos_as_xyz x,y,z -x,y+1/2,-z+1/2 -x,-y,z x,-y+1/2,z+1/2\n";
        assert!(read(slip, CUBE).is_err());
        let named = format!("{slip}_symmetry_space_group_name_Hall '-P 2ybc'");
        let inversion = Operation::from_xyz(b"-x,-y,-z").expect("a triplet");
        let found = read(&named, CUBE).expect("a group");
        assert!(found.operations.len() == 4 && found.operations.iter().any(|operation| operation.is(&inversion)));
        assert!(read(&format!("{slip}_symmetry_space_group_name_Hall 'P 4'"), CUBE).is_err());
        assert_eq!(count("loop_ _symmetry_equiv_pos_as_xyz 1/2-x,1/2+y,1/2+z 1/2+x,1/2-y,z -x,-y,1/2+z"), 4);
    }

    #[test]
    fn blanks_that_nobody_quoted_do_not_tear_operations_apart() {
        assert_eq!(count("loop_ _symmetry_equiv_pos_as_xyz x, y, z\n-x, -y, -z\n"), 2);
        assert_eq!(count("loop_\n_space_group_symop_id\n_space_group_symop_operation_xyz\n1 x,y,z\n2 -x,-y,-z"), 2);
    }

    #[test]
    fn magnetic_operations_are_joined_with_their_centerings() {
        let text = "loop_ _space_group_symop_magn_operation.id _space_group_symop_magn_operation.xyz\n1 x,y,z,+1\n2 -x,-y,-z,-1\n\
            loop_ _space_group_symop_magn_centering.id _space_group_symop_magn_centering.xyz\n1 x,y,z,+1\n2 x+1/2,y,z,-1\n\
            loop_ _symmetry_equiv_pos_as_xyz x,y,z";
        assert_eq!(count(text), 4);
    }

    #[test]
    fn the_cell_decides_what_a_symbol_leaves_open() {
        let rhombohedral = read("_symmetry_space_group_name_H-M 'R -3 m'", [[4.0; 3], [60.0; 3]]).expect("a group");
        assert_eq!(rhombohedral.operations.len(), 12);
        let hexagonal = read("_symmetry_space_group_name_H-M 'R -3 m'", [[4.0, 4.0, 9.0], [90.0, 90.0, 120.0]]);
        assert_eq!(hexagonal.expect("a group").operations.len(), 36);
        let monoclinic = read("_space_group_IT_number 10", [[3.0, 4.0, 5.0], [90.0, 90.0, 100.0]]).expect("a group");
        let twofold = Operation::from_xyz(b"-x,-y,z").expect("a triplet");
        assert!(monoclinic.operations.iter().any(|operation| operation.is(&twofold)));
    }

    #[test]
    fn a_group_of_two_origins_offers_both_unless_the_file_says_which() {
        let symbol = |suffix: &str| format!("_symmetry_space_group_name_H-M 'F d -3 m{suffix}'");
        assert!(read(&symbol(""), CUBE).expect("a group").other_origin.is_some());
        assert!(read(&symbol(":2"), CUBE).expect("a group").other_origin.is_none());
    }

    #[test]
    fn what_names_no_group_is_refused_with_its_place() {
        for (text, at, part) in [
            ("_symmetry_equiv_pos_as_xyz x,y,q", 27, "\"x,y,q\" is no symmetry operation"),
            ("loop_ _symmetry_equiv_pos_as_xyz x,y,z z,x,y", 33, "form no group"),
            ("_space_group_name_Hall 'P 5'", 24, "no Hall symbol"),
            ("_symmetry_space_group_name_H-M Px", 31, "no known space-group setting"),
            ("_space_group_IT_number 231", 23, "1 to 230"),
        ] {
            let error = read(text, CUBE).expect_err(text);
            assert!(error.at == at && error.why.contains(part), "{text}: {error:?}");
        }
    }
}
