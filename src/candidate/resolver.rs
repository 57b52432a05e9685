//! Columns by the names that plans use.

use crate::units::Unit;

use super::ColumnRef;

/// Finds columns: `e_form.value`, `MagpieData mean Number`, `magpie/MagpieData mean Number`.
pub trait ColumnResolver {
    /// The column of this name, and the unit of its values.
    ///
    /// # Errors
    /// Why there is none or more than one, with the closest known names: the text ends up in the error of the plan.
    fn resolve(&self, name: &str) -> Result<(ColumnRef, Unit), String>;
}

impl<F: Fn(&str) -> Result<(ColumnRef, Unit), String>> ColumnResolver for F {
    fn resolve(&self, name: &str) -> Result<(ColumnRef, Unit), String> {
        self(name)
    }
}
