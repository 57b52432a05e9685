//! The motifs that site fingerprints look for, from `data/order_parameters/motifs.csv`.

use std::sync::OnceLock;

use crate::chem::table::{self, Card, TableError};

use super::OrderParameter;

/// Most neighbours that a motif has.
pub const MAX_COORDINATION: usize = 12;

/// Number of motifs.
pub const NUM_MOTIFS: usize = 37;

/// An arrangement of neighbours and how to recognize it.
#[derive(Clone, Debug, PartialEq)]
pub struct Motif {
    /// Number of neighbours, 1 to [`MAX_COORDINATION`].
    pub coordination: usize,
    /// Name, as in the labels of matminer.
    pub name: String,
    /// How to recognize it.
    pub order_parameter: OrderParameter,
}

/// The [`NUM_MOTIFS`] motifs of matminer's `CrystalNNFingerprint` and `OPSiteFingerprint`, by ascending coordination.
pub fn motifs() -> &'static [Motif] {
    static MOTIFS: OnceLock<Vec<Motif>> = OnceLock::new();
    MOTIFS.get_or_init(|| {
        let entry = table::table("motifs").expect("compiled in");
        parse(entry.card(), entry.content).expect("a test parses it")
    })
}

fn parse(card: &Card, content: &str) -> Result<Vec<Motif>, TableError> {
    let refuse = |line: u64, reason: String| TableError::Line { table: card.name.clone(), line, reason };
    let mut lines = content.lines();
    let header: Vec<_> = lines.next().unwrap_or("").split(',').collect();
    let mut motifs: Vec<Motif> = Vec::new();
    for (line, text) in (2..).zip(lines) {
        let fields: Vec<_> = text.split(',').collect();
        let field = |name: &str| {
            let place = header.iter().position(|column| *column == name)?;
            fields.get(place).copied().filter(|field| !field.is_empty())
        };
        let parameter = |name: &str| field(name)?.parse().ok();
        let coordination = field("coordination").and_then(|text| text.parse().ok());
        let coordination = coordination.filter(|number| (1..=MAX_COORDINATION).contains(number));
        let smallest = motifs.last().map_or(1, |motif| motif.coordination);
        let (Some(coordination), Some(name)) = (coordination.filter(|number| *number >= smallest), field("motif"))
        else {
            return Err(refuse(
                line,
                format!("expected a coordination of {smallest} to {MAX_COORDINATION} and a name"),
            ));
        };
        let order_parameter = field("order_parameter").and_then(|kind| OrderParameter::new(kind, parameter));
        let order_parameter = order_parameter
            .ok_or_else(|| refuse(line, "no order parameter of that name, or it lacks a parameter".to_owned()))?;
        motifs.push(Motif { coordination, name: name.to_owned(), order_parameter });
    }
    Ok(motifs)
}

#[cfg(test)]
mod tests {
    use super::super::Shell;
    use super::*;

    fn value(coordination: usize, name: &str, neighbors: &[[f64; 3]]) -> f64 {
        let motif = motifs().iter().find(|motif| motif.coordination == coordination && motif.name == name);
        let mut shell = Shell::default();
        shell.set(neighbors.iter().copied().zip(0..));
        motif.expect("a motif").order_parameter.value(&shell).expect("enough neighbours")
    }

    #[test]
    fn every_line_of_the_table_is_a_motif() {
        assert_eq!(motifs().len(), NUM_MOTIFS);
    }

    #[test]
    fn wrong_lines_are_refused_with_their_number() {
        let card = table::table("motifs").expect("registered").card();
        for (content, message) in [
            ("coordination,motif,order_parameter\n13,x,q2", "line 2: expected a coordination of 1 to 12 and a name"),
            (
                "coordination,motif,order_parameter\n4,x,q2\n3,y,q2",
                "line 3: expected a coordination of 4 to 12 and a name",
            ),
            (
                "coordination,motif,order_parameter\n4,x,q3",
                "line 2: no order parameter of that name, or it lacks a parameter",
            ),
            (
                "coordination,motif,order_parameter,TA\n2,x,bent,0.5",
                "line 2: no order parameter of that name, or it lacks a parameter",
            ),
        ] {
            let error = parse(card, content).expect_err(content).to_string();
            assert!(error.ends_with(message), "{error}");
        }
    }

    #[test]
    fn ideal_octahedron_and_tetrahedron_have_order_1() {
        let octahedron =
            [[2.0, 0.0, 0.0], [-2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, -2.0, 0.0], [0.0, 0.0, 2.0], [0.0, 0.0, -2.0]];
        assert!((value(6, "octahedral", &octahedron) - 1.0).abs() < 1e-12);
        let tetrahedron = [[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]];
        assert!((value(4, "tetrahedral", &tetrahedron) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn cubic_close_packing_has_the_q_of_steinhardt() {
        // Steinhardt, Nelson, Ronchetti 1983, for fcc: q4 = √(7/3)/8 = 0.19094, q6 = √26/8 · 0.9 = 0.57452; q2 = 0 by symmetry.
        let mut shell = Vec::new();
        for a in [1.0, -1.0] {
            for b in [1.0, -1.0] {
                shell.extend([[a, b, 0.0], [a, 0.0, b], [0.0, a, b]]);
            }
        }
        assert!(value(12, "q2", &shell).abs() < 1e-12);
        assert!((value(12, "q4", &shell) - 0.190_940_653_956_493).abs() < 1e-12);
        assert!((value(12, "q6", &shell) - 0.574_524_259_714_070).abs() < 1e-9);
    }

    #[test]
    fn single_bond_is_one_minus_the_ratio_of_the_two_nearest() {
        assert_eq!(value(1, "sgl_bd", &[[0.0, 0.0, 3.0], [0.0, 1.5, 0.0], [0.0, 0.0, -2.0]]), 0.25);
        assert_eq!(value(1, "sgl_bd", &[[0.0, 0.0, 3.0]]), 1.0);
    }

    #[test]
    fn neighbours_of_one_rank_may_come_in_any_order() {
        let cube = motifs().iter().find(|motif| motif.name == "body-centered cubic").expect("a motif");
        let mut corners: Vec<[f64; 3]> = Vec::new();
        for place in 0..8 {
            let side = |bit: usize| if place >> bit & 1 == 1 { 1.0 } else { -1.0 };
            corners.push([side(0) + 0.05 * place as f64, side(1), side(2) - 0.1 * side(0)]);
        }
        let mut shell = Shell::default();
        let mut value = |corners: &[[f64; 3]], ranks: [u8; 8]| {
            shell.set(corners.iter().copied().zip(ranks));
            cube.order_parameter.value(&shell).expect("eight neighbours")
        };
        let (ordered, free) = (value(&corners, [0, 1, 2, 3, 4, 5, 6, 7]), value(&corners, [0; 8]));
        corners.reverse();
        let (reversed, free_again) = (value(&corners, [0, 1, 2, 3, 4, 5, 6, 7]), value(&corners, [0; 8]));
        assert!((ordered - reversed).abs() > 1e-4, "{ordered} {reversed}");
        assert!((0.5 * (ordered + reversed) - free).abs() < 1e-12);
        assert!((free - free_again).abs() < 1e-12);
    }

    #[test]
    fn one_neighbour_has_no_angle() {
        let mut shell = Shell::default();
        shell.set([([1.0, 0.0, 0.0], 0)].into_iter());
        for motif in motifs().iter().filter(|motif| (2..9).contains(&motif.coordination)) {
            assert_eq!(motif.order_parameter.value(&shell), None, "{}", motif.name);
        }
    }
}
