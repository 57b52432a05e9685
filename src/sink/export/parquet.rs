//! Parquet: one row group for every block.

use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, FloatType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::columns::{Block, BlockKind, Exported};
use super::{Encoder, Failure};

/// A Parquet file being written.
pub(super) struct Parquet {
    writer: SerializedFileWriter<BufWriter<File>>,
}

impl Parquet {
    /// Writes the schema, and the units as metadata.
    pub(super) fn new(out: BufWriter<File>, columns: &[(Exported, BlockKind)]) -> Result<Self, Failure> {
        let fields = columns
            .iter()
            .map(|(column, kind)| {
                let (physical, logical, repetition) = match kind {
                    BlockKind::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String), Repetition::REQUIRED),
                    BlockKind::Count => (PhysicalType::INT64, None, Repetition::REQUIRED),
                    BlockKind::Number => (PhysicalType::DOUBLE, None, Repetition::OPTIONAL),
                    BlockKind::Single => (PhysicalType::FLOAT, None, Repetition::OPTIONAL),
                };
                let field = Type::primitive_type_builder(&column.name, physical)
                    .with_logical_type(logical)
                    .with_repetition(repetition);
                Ok(Arc::new(field.build()?))
            })
            .collect::<Result<_, Failure>>()?;
        let schema = Type::group_type_builder("matsieve").with_fields(fields).build()?;
        let units: serde_json::Map<String, serde_json::Value> =
            columns.iter().map(|(column, _)| (column.name.clone(), column.unit.text().into())).collect();
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_key_value_metadata(Some(vec![KeyValue::new(
                "matsieve.units".to_owned(),
                serde_json::json!(units).to_string(),
            )]))
            .build();
        Ok(Self { writer: SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))? })
    }
}

impl Encoder for Parquet {
    fn write(&mut self, blocks: &[Block]) -> Result<(), Failure> {
        let mut group = self.writer.next_row_group()?;
        for block in blocks {
            let Some(mut column) = group.next_column()? else { return Err("fewer columns than announced".into()) };
            match block {
                Block::Text(values) => {
                    let values: Vec<ByteArray> = values.iter().map(|text| ByteArray::from(text.as_str())).collect();
                    column.typed::<ByteArrayType>().write_batch(&values, None, None)?;
                }
                Block::Count(values) => {
                    let values: Vec<i64> =
                        values.iter().map(|&value| i64::try_from(value)).collect::<Result<_, _>>()?;
                    column.typed::<Int64Type>().write_batch(&values, None, None)?;
                }
                Block::Number(values) => {
                    let (defined, levels) = defined(values, |value| value.is_nan());
                    column.typed::<DoubleType>().write_batch(&defined, Some(&levels), None)?;
                }
                Block::Single(values) => {
                    let (defined, levels) = defined(values, |value| value.is_nan());
                    column.typed::<FloatType>().write_batch(&defined, Some(&levels), None)?;
                }
            }
            column.close()?;
        }
        group.close()?;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        self.writer.finish()?;
        // The buffer is flushed here rather than on drop, where errors are lost.
        Ok(std::io::Write::flush(self.writer.inner_mut())?)
    }
}

/// Values that are defined, and the level of each row: 1 where it is.
fn defined<T: Copy>(values: &[T], is_missing: impl Fn(T) -> bool) -> (Vec<T>, Vec<i16>) {
    let levels = values.iter().map(|&value| i16::from(!is_missing(value))).collect();
    (values.iter().copied().filter(|&value| !is_missing(value)).collect(), levels)
}
