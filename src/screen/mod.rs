//! The engine: plan, resolution, pipeline. The only room that knows all rooms of floor 3.

mod audit;
mod block;
mod busy;
mod columns;
mod dataset;
mod duplicates;
mod error;
mod estimate;
mod faults;
mod fit;
mod merge;
mod merge_error;
mod origin;
mod pipeline;
mod plan;
mod progress;
mod provenance;
mod reread;
mod resolve;
mod run;
mod setting;
mod shard;
mod shard_folder;
mod shard_source;
mod slot;
mod stop;
mod sweep;

pub use busy::{BusyTimes, StageTimes};
pub use dataset::{
    DatasetRead, DatasetRequest, Described, TargetRequest, TaskKind, descriptor_list, read_dataset, read_described,
};
pub use error::{PlanError, RunError, suggest};
pub use estimate::{Estimate, MemoryNeed};
pub use fit::{Extent, extent, fill, to_fit};
pub use merge::{MergeOptions, merge_shards};
pub use merge_error::MergeError;
pub use pipeline::{Resources, in_pool};
pub use plan::{
    DescriptorTable, FilterTable, Plan, RunTable, ScreenTable, SinkTable, Store, SurrogateTable, Undecided,
};
pub use provenance::{cpu_seconds, peak_memory};
pub use reread::{Reread, RereadError};
pub use resolve::{Screen, source_kind};
pub use run::{Ending, Outcome, RunOptions, parts_folder, run};
pub use shard::{MAX_SHARDS, Partition, Shard};
pub use shard_folder::{FolderState, ShardFile, ShardState, array_text, find_shards, folder_state, missing};
pub use stop::parse_duration;
