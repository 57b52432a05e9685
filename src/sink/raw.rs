//! The HDF5 calls that have no safe form: writing and reading a chunk past the filter pipeline, finding it in the
//! file, reading rows of a type whose size is known only at run time, and the files that a virtual dataset points to.
#![expect(unsafe_code, reason = "the chunk calls and H5Dread take raw pointers; every length is checked here")]

use hdf5::types::TypeDescriptor;
use hdf5::{Dataset, Dataspace, Datatype, Hyperslab, Selection, SliceOrIndex};
use hdf5_sys::h5d::{H5Dget_chunk_info_by_coord, H5Dread, H5Dwrite_chunk};
use hdf5_sys::h5p::{H5P_DEFAULT, H5Pget_virtual_count, H5Pget_virtual_filename};

#[cfg(target_endian = "big")]
compile_error!("result files are written as native little-endian numbers");

/// Writes one chunk, as it shall lie in the file, at the row where it begins.
///
/// `bytes` is the whole chunk: plain where the dataset has no filters (then its length must be the chunk's), else what
/// the filters would have made of it.
pub(super) fn write_chunk(dataset: &Dataset, start_row: u64, bytes: &[u8]) -> hdf5::Result<()> {
    let Some(chunk) = dataset.chunk() else { return Err(hdf5::Error::from("dataset is not chunked")) };
    let plain = chunk.iter().product::<usize>() * dataset.dtype()?.size();
    if bytes.is_empty() || (dataset.filters().is_empty() && bytes.len() != plain) {
        return Err(hdf5::Error::from(format!("chunk of {} bytes, expected {plain}", bytes.len()).as_str()));
    }
    let offset = [start_row, 0];
    hdf5::sync::sync(|| {
        // SAFETY: the dataset is chunked and of rank 1 or 2 (`chunk.len()` below), `offset` has as many entries as its
        // rank, `bytes` is readable for the length given, and the library's lock is held.
        let offset = offset[..chunk.len()].as_ptr();
        let status =
            unsafe { H5Dwrite_chunk(dataset.id(), H5P_DEFAULT, 0, offset, bytes.len(), bytes.as_ptr().cast()) };
        hdf5::h5check(status).map(|_| ())
    })
}

/// Address and stored length of the chunk that begins at a row.
pub(super) fn locate_chunk(dataset: &Dataset, start_row: u64) -> hdf5::Result<(u64, u64)> {
    if dataset.chunk().is_none_or(|chunk| chunk.len() > 2) {
        return Err(hdf5::Error::from("dataset is not chunked"));
    }
    let offset = [start_row, 0];
    let (mut mask, mut address, mut length) = (0, 0, 0);
    hdf5::sync::sync(|| {
        // SAFETY: the dataset is chunked and of rank 1 or 2, `offset` has at least as many entries as its rank, the
        // three results are written to live variables of the types asked for, and the library's lock is held.
        let status =
            unsafe { H5Dget_chunk_info_by_coord(dataset.id(), offset.as_ptr(), &mut mask, &mut address, &mut length) };
        hdf5::h5check(status).map(|_| ())
    })?;
    Ok((address, length))
}

/// Names of the files that a virtual dataset points to, one a piece, as they are written there.
pub(super) fn virtual_files(dataset: &Dataset) -> hdf5::Result<Vec<String>> {
    let list = dataset.dcpl()?;
    hdf5::sync::sync(|| {
        let mut count = 0;
        // SAFETY: `list` is a live property list, `count` a live variable, and the library's lock is held.
        hdf5::h5check(unsafe { H5Pget_virtual_count(list.id(), &mut count) })?;
        let mut names: Vec<String> = Vec::with_capacity(count);
        let mut buffer = vec![0_u8; LONGEST_NAME];
        for piece in 0..count {
            // SAFETY: as above; the library writes at most `buffer.len()` bytes into the buffer, which is live.
            let length = unsafe { H5Pget_virtual_filename(list.id(), piece, buffer.as_mut_ptr().cast(), buffer.len()) };
            let name = usize::try_from(length).ok().and_then(|length| buffer.get(..length));
            let name = name.and_then(|name| std::str::from_utf8(name).ok());
            names.push(name.ok_or("the name of a file that a virtual dataset points to")?.to_owned());
        }
        Ok(names)
    })
}

/// Longest name of a file that is read, in bytes: that of Linux.
const LONGEST_NAME: usize = 4096;

/// Reads rows `start..start + rows` of a 1-D or 2-D dataset as values of `kind`, a type without pointers.
///
/// # Panics
/// If `out` has another length than the values need, or `kind` holds pointers: caller bugs.
pub(super) fn read_rows(
    dataset: &Dataset,
    kind: &TypeDescriptor,
    start: usize,
    rows: usize,
    out: &mut [u8],
) -> hdf5::Result<()> {
    assert!(has_no_pointers(kind), "variable-length values are read elsewhere");
    let space = dataset.space()?;
    let shape = space.shape();
    let width: usize = shape.iter().skip(1).product();
    let memory_type = Datatype::from_descriptor(kind)?;
    assert_eq!(out.len(), rows * width * memory_type.size(), "buffer for {rows} rows");
    if out.is_empty() {
        return Ok(());
    }
    let slab = Hyperslab::from(
        std::iter::once(SliceOrIndex::from(start..start + rows))
            .chain(shape.iter().skip(1).map(|&extent| SliceOrIndex::from(0..extent)))
            .collect::<Vec<_>>(),
    );
    let file_space = space.select(Selection::from(slab))?;
    if file_space.selection_size() != rows * width {
        return Err(hdf5::Error::from(format!("rows {start}..{} are not all there", start + rows).as_str()));
    }
    // Of the same shape as the selection: for another one the library walks through every element.
    let memory_space = match shape.len() {
        2 => Dataspace::try_new((rows, width))?,
        _ => Dataspace::try_new(rows * width)?,
    };
    hdf5::sync::sync(|| {
        // SAFETY: `out` is writable for exactly selection size × size of the memory type (asserted above), the memory
        // type holds no pointers, and the library's lock is held.
        let status = unsafe {
            H5Dread(
                dataset.id(),
                memory_type.id(),
                memory_space.id(),
                file_space.id(),
                H5P_DEFAULT,
                out.as_mut_ptr().cast(),
            )
        };
        hdf5::h5check(status).map(|_| ())
    })
}

fn has_no_pointers(kind: &TypeDescriptor) -> bool {
    matches!(
        kind,
        TypeDescriptor::Integer(_)
            | TypeDescriptor::Unsigned(_)
            | TypeDescriptor::Float(_)
            | TypeDescriptor::Enum(_)
            | TypeDescriptor::FixedAscii(_)
            | TypeDescriptor::FixedUnicode(_)
    )
}
