//! The result file: what goes in comes out, whatever happened on the way.

mod fixture;
mod resume;
mod round_trip;
mod verify;
