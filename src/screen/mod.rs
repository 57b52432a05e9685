//! The engine: plan, resolution, pipeline.
