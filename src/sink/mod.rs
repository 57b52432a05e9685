//! The result file: HDF5 segments, merge, seal, digests, reader, export.
