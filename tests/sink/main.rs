//! The result file: what goes in comes out, whatever happened on the way.

mod disk;
mod export;
mod fixture;
mod peers;
mod resume;
mod round_trip;
mod verify;
