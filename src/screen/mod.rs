//! The engine: plan, resolution, pipeline. The only room that knows all rooms of floor 3.

mod error;
mod plan;
mod setting;

pub use error::{PlanError, suggest};
pub use plan::{
    DescriptorTable, FilterTable, Plan, RunTable, ScreenTable, SinkTable, Store, SurrogateTable, Undecided,
};
