//! The data names that a structure is read from.

/// A data name that means something here; several names of different dictionaries and years mean one key.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Key(u8);

#[rustfmt::skip]
impl Key {
    pub const LENGTHS: [Self; 3] = [Self(0), Self(1), Self(2)];
    pub const ANGLES: [Self; 3] = [Self(3), Self(4), Self(5)];
    pub const FRACT: [Self; 3] = [Self(6), Self(7), Self(8)];
    pub const CARTN: [Self; 3] = [Self(9), Self(10), Self(11)];
    pub const CRYSTAL_SYSTEM: Self = Self(12);
    pub const HALL: Self = Self(13);
    pub const HERMANN_MAUGUIN: Self = Self(14);
    pub const GROUP_NUMBER: Self = Self(15);
    pub const SETTING_CODE: Self = Self(16);
    pub const OPERATION: Self = Self(17);
    pub const SUPERSPACE_OPERATION: Self = Self(18);
    pub const MAGNETIC_OPERATION: Self = Self(19);
    pub const MAGNETIC_CENTERING: Self = Self(20);
    pub const TYPE_SYMBOL: Self = Self(21);
    pub const TYPE_OXIDATION: Self = Self(22);
    pub const SITE_LABEL: Self = Self(23);
    pub const SITE_TYPE: Self = Self(24);
    pub const OCCUPANCY: Self = Self(25);
    pub const CALC_FLAG: Self = Self(26);
    pub const DISORDER_GROUP: Self = Self(27);
    pub const FORMULA_SUM: Self = Self(28);
    /// First of 12: matrix by rows, then vector, from fractional to Cartesian coordinates.
    const CARTN_TRANSFORM: u8 = 29;
    /// First of 12, from Cartesian to fractional coordinates.
    const FRACT_TRANSFORM: u8 = 41;
    /// Number of keys.
    pub const COUNT: usize = 53;
}

impl Key {
    /// Place of the key among all.
    pub fn place(self) -> usize {
        usize::from(self.0)
    }

    /// The 12 numbers of `_atom_sites_Cartn_tran_*`: the matrix by rows, then the vector.
    pub fn cartn_transform() -> [Self; 12] {
        std::array::from_fn(|entry| Self(Self::CARTN_TRANSFORM + entry as u8))
    }

    /// The 12 numbers of `_atom_sites_fract_tran_*`.
    pub fn fract_transform() -> [Self; 12] {
        std::array::from_fn(|entry| Self(Self::FRACT_TRANSFORM + entry as u8))
    }

    /// The key of a data name; `None` for names that mean nothing here.
    ///
    /// Case does not count; a dot (CIF 2.0 dictionaries), a hyphen and an underscore are the same, an underscore too many
    /// at the end (old files) is passed over.
    pub fn of(tag: &[u8]) -> Option<Self> {
        const LONGEST: usize = 48;
        let tag = tag.strip_suffix(b"_").unwrap_or(tag);
        if tag.len() > LONGEST || !matches!(tag.get(1)? | 0x20, b'a' | b'c' | b's') {
            return None;
        }
        let mut name = [0; LONGEST];
        for (to, from) in name.iter_mut().zip(tag) {
            *to = match from.to_ascii_lowercase() {
                b'.' | b'-' => b'_',
                byte => byte,
            };
        }
        let name = &name[..tag.len()];
        if let Some(rest) = name.strip_prefix(b"_atom_") {
            return Self::of_atom(rest);
        }
        if let Some(rest) = name.strip_prefix(b"_cell_") {
            return Self::of_cell(rest);
        }
        if let Some(rest) = name.strip_prefix(b"_symmetry_") {
            return Self::of_symmetry(rest);
        }
        if let Some(rest) = name.strip_prefix(b"_space_group_") {
            return Self::of_space_group(rest);
        }
        (name == b"_chemical_formula_sum").then_some(Self::FORMULA_SUM)
    }

    fn of_cell(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"length_a" => Self::LENGTHS[0],
            b"length_b" => Self::LENGTHS[1],
            b"length_c" => Self::LENGTHS[2],
            b"angle_alpha" => Self::ANGLES[0],
            b"angle_beta" => Self::ANGLES[1],
            b"angle_gamma" => Self::ANGLES[2],
            _ => return None,
        })
    }

    fn of_symmetry(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"equiv_pos_as_xyz" => Self::OPERATION,
            b"space_group_name_h_m" => Self::HERMANN_MAUGUIN,
            b"space_group_name_hall" => Self::HALL,
            b"int_tables_number" => Self::GROUP_NUMBER,
            b"cell_setting" => Self::CRYSTAL_SYSTEM,
            _ => return None,
        })
    }

    fn of_space_group(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"symop_operation_xyz" => Self::OPERATION,
            b"symop_ssg_operation_algebraic" => Self::SUPERSPACE_OPERATION,
            b"symop_magn_operation_xyz" => Self::MAGNETIC_OPERATION,
            b"symop_magn_centering_xyz" => Self::MAGNETIC_CENTERING,
            b"name_h_m_alt" | b"name_h_m_ref" | b"name_h_m_full" | b"name_h_m" => Self::HERMANN_MAUGUIN,
            b"name_hall" => Self::HALL,
            b"it_number" => Self::GROUP_NUMBER,
            b"it_coordinate_system_code" => Self::SETTING_CODE,
            b"crystal_system" => Self::CRYSTAL_SYSTEM,
            _ => return None,
        })
    }

    fn of_atom(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"site_label" | b"site_id" => Self::SITE_LABEL,
            b"site_type_symbol" => Self::SITE_TYPE,
            b"site_fract_x" => Self::FRACT[0],
            b"site_fract_y" => Self::FRACT[1],
            b"site_fract_z" => Self::FRACT[2],
            b"site_cartn_x" => Self::CARTN[0],
            b"site_cartn_y" => Self::CARTN[1],
            b"site_cartn_z" => Self::CARTN[2],
            b"site_occupancy" => Self::OCCUPANCY,
            b"site_calc_flag" | b"site_calc_flags" => Self::CALC_FLAG,
            b"site_disorder_group" => Self::DISORDER_GROUP,
            b"type_symbol" => Self::TYPE_SYMBOL,
            b"type_oxidation_number" => Self::TYPE_OXIDATION,
            _ => {
                let rest = name.strip_prefix(b"sites_")?;
                let (first, rest) = match rest.strip_prefix(b"cartn_tran_") {
                    Some(rest) => (Self::CARTN_TRANSFORM, rest),
                    None => (Self::FRACT_TRANSFORM, rest.strip_prefix(b"fract_tran_")?),
                };
                return transform_entry(rest).map(|entry| Self(first + entry));
            }
        })
    }
}

/// Place of `matrix_ij` or `vector_i` among 12 numbers.
fn transform_entry(name: &[u8]) -> Option<u8> {
    let digit = |byte: u8| (b'1'..=b'3').contains(&byte).then(|| byte - b'1');
    match name {
        [b'm', b'a', b't', b'r', b'i', b'x', b'_', row, column] => Some(3 * digit(*row)? + digit(*column)?),
        [b'v', b'e', b'c', b't', b'o', b'r', b'_', row] => Some(9 + digit(*row)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_dictionaries_and_years_mean_the_same() {
        for (key, tags) in [
            (Key::OPERATION, &["_symmetry_equiv_pos_as_xyz", "_space_group_symop.operation_xyz"][..]),
            (Key::HERMANN_MAUGUIN, &["_symmetry_space_group_name_H-M", "_space_group_name_H-M_alt_"]),
            (
                Key::MAGNETIC_OPERATION,
                &["_space_group_symop_magn_operation.xyz", "_space_group_symop.magn_operation_xyz"],
            ),
            (Key::LENGTHS[1], &["_cell_length_b", "_CELL.LENGTH_B"]),
            (Key::SITE_TYPE, &["_atom_site_type_symbol", "_atom_site.type_symbol"]),
        ] {
            assert!(tags.iter().all(|tag| Key::of(tag.as_bytes()) == Some(key)), "{tags:?}");
        }
        let last = Key::of(b"_atom_sites_fract_tran_vector_3").expect("a key");
        assert_eq!((last, last.place()), (Key::fract_transform()[11], Key::COUNT - 1));
    }

    #[test]
    fn names_that_only_begin_like_a_key_are_none() {
        for tag in
            ["_", "_a", "_atom_site_aniso_label", "_cell_length_a_su", "_geom_bond_distance", "_atom_site_fract_x1"]
        {
            assert_eq!(Key::of(tag.as_bytes()), None, "{tag}");
        }
    }
}
