//! Reading CIF, time per data block: the kinds of file that differ in what takes the time.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput};
use matsieve::source::{Format, read_structures};

/// As pymatgen writes a cell without symmetry, with the list of bonds that some programs add.
fn listed(atoms: usize, bonds: usize) -> String {
    let mut text = String::from(
        "# generated using pymatgen\ndata_Na4Cl4\n_symmetry_space_group_name_H-M   'P 1'\n_cell_length_a   15.64000000\n\
         _cell_length_b   15.64000000\n_cell_length_c   15.64000000\n_cell_angle_alpha   90.00000000\n\
         _cell_angle_beta   90.00000000\n_cell_angle_gamma   90.00000000\n_symmetry_Int_Tables_number   1\n\
         _chemical_formula_structural   NaCl\n_chemical_formula_sum   'Na4 Cl4'\n_cell_volume   3825.7\n\
         _cell_formula_units_Z   4\nloop_\n _symmetry_equiv_pos_site_id\n _symmetry_equiv_pos_as_xyz\n  1  'x, y, z'\nloop_\n \
         _atom_site_type_symbol\n _atom_site_label\n _atom_site_symmetry_multiplicity\n _atom_site_fract_x\n \
         _atom_site_fract_y\n _atom_site_fract_z\n _atom_site_occupancy\n",
    );
    for i in 0..atoms {
        let symbol = ["Na", "Cl"][i % 2];
        let [x, y, z] = [i % 10, i / 10 % 10, i / 100 % 10].map(|part| part as f64 / 10.0 + 0.031_25);
        writeln!(text, "  {symbol}  {symbol}{i}  1  {x:.8}  {y:.8}  {z:.8}  1").expect("a text");
    }
    if bonds > 0 {
        text.push_str("loop_\n_geom_bond_atom_site_label_1\n_geom_bond_atom_site_label_2\n_geom_bond_distance\n");
        text.push_str("_geom_bond_site_symmetry_2\n_ccdc_geom_bond_type\n");
        (0..bonds).for_each(|i| writeln!(text, "Na{i} Cl{i} 2.8200 1_655 S").expect("a text"));
    }
    text
}

/// A spinel by its asymmetric unit: 192 operations from the symbol, 56 atoms.
const SPINEL: &str = "data_spinel\n_cell_length_a 8.0806(2)\n_cell_length_b 8.0806(2)\n_cell_length_c 8.0806(2)\n_cell_angle_alpha 90\n\
    _cell_angle_beta 90\n_cell_angle_gamma 90\n_space_group_name_H-M_alt 'F d -3 m:2'\nloop_\n_atom_site_label\n\
    _atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n_atom_site_occupancy\nMg1 0.125 0.125 0.125 1\n\
    Al1 0.5 0.5 0.5 1\nO1 0.2624(2) 0.2624(2) 0.2624(2) 1\n";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("cif");
    for (name, text) in [
        ("10_atoms", listed(10, 0)),
        ("10_atoms_60_bonds", listed(10, 60)),
        ("200_atoms", listed(200, 0)),
        ("1000_atoms", listed(1000, 0)),
        ("spinel_by_symbol", SPINEL.to_owned()),
    ] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                read_structures(&mut black_box(text.as_bytes()), Format::Cif, &mut |_, read| {
                    assert!(black_box(read).is_ok());
                })
            });
        });
    }
    group.finish();
    criterion.final_summary();
}
