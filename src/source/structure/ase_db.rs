//! Databases of ASE (SQLite): the rows of the table `systems`, one after the other.
//!
//! A database is read as its file is: a journal beside it says that a program is writing, and then it is refused. Rows are
//! looked up one by one, so that a damaged one costs itself only.

use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use super::ase_row::{AseRow, COLUMNS, too_large, write_fault, write_row};
use super::{Framed, Framer, MAX_RECORD, StructureFormat};
use crate::candidate::FaultCode;
use crate::source::expand::BrokenStream;

/// Databases of ASE.
pub(super) const FORMAT: StructureFormat =
    StructureFormat { framer: || Box::new(AseRows::of_stream()), reader: &AseRow };

/// Largest database that is read out of an archive or a compressed stream, which needs all of it in memory.
const MAX_BUFFERED_BYTES: usize = 256 << 20;

/// Row numbers looked up at a time.
const NUMBERS: usize = 256;

/// Frames the rows of one database.
pub(super) struct AseRows {
    /// Where it lies; `None` where it comes as a stream.
    path: Option<PathBuf>,
    database: Option<Database>,
    has_ended: bool,
}

struct Database {
    connection: Connection,
    /// Looks a row up by its number.
    select: String,
    /// Numbers of the rows that come next, last one first.
    numbers: Vec<i64>,
    last: Option<i64>,
}

impl AseRows {
    /// A database on disk.
    pub fn of_file(path: PathBuf) -> Self {
        Self { path: Some(path), database: None, has_ended: false }
    }

    /// A database that comes as a stream.
    pub fn of_stream() -> Self {
        Self { path: None, database: None, has_ended: false }
    }
}

impl Framer for AseRows {
    fn next(&mut self, stream: &mut dyn BufRead, out: &mut Vec<u8>) -> io::Result<Option<Framed>> {
        if self.has_ended {
            return Ok(None);
        }
        // Whatever goes wrong with the file as a whole goes wrong once.
        self.has_ended = true;
        let database = match &mut self.database {
            Some(database) => database,
            none => none.insert(match &self.path {
                Some(path) => Database::open(path)?,
                None => Database::buffered(stream)?,
            }),
        };
        let framed = database.next(out)?;
        self.has_ended = framed.is_none();
        Ok(framed)
    }
}

impl Database {
    fn open(path: &Path) -> io::Result<Self> {
        for suffix in ["-wal", "-journal"] {
            let mut beside = path.as_os_str().to_owned();
            beside.push(suffix);
            if std::fs::metadata(&beside).is_ok_and(|metadata| metadata.len() > 0) {
                let why = format!("changes wait in the file {suffix} beside it: close the program that writes it");
                return Err(BrokenStream(why).into_io());
            }
        }
        // Immutable: nothing is locked, written or recovered.
        let mut uri = String::from("file:");
        for &byte in path.as_os_str().as_encoded_bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(byte)),
                _ => uri.push_str(&format!("%{byte:02X}")),
            }
        }
        uri.push_str("?immutable=1");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::begin(Connection::open_with_flags(uri, flags).map_err(damaged)?)
    }

    fn buffered(stream: &mut dyn BufRead) -> io::Result<Self> {
        let mut bytes = Vec::new();
        Read::take(&mut *stream, MAX_BUFFERED_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > MAX_BUFFERED_BYTES {
            let why = format!(
                "a database inside an archive or compressed stream may have {MAX_BUFFERED_BYTES} bytes; unpack this one"
            );
            return Err(BrokenStream(why).into_io());
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_in_memory_with_flags(flags).map_err(damaged)?;
        let size = bytes.len();
        connection.deserialize_read_exact("main", bytes.as_slice(), size, true).map_err(damaged)?;
        Self::begin(connection)
    }

    fn begin(connection: Connection) -> io::Result<Self> {
        let columns = Self::columns(&connection).map_err(damaged)?.map_err(|why| BrokenStream(why).into_io())?;
        let select = format!("SELECT {} FROM systems WHERE rowid = ?1", columns.join(", "));
        Ok(Self { connection, select, numbers: Vec::new(), last: None })
    }

    /// What is selected of each row: a column of [`COLUMNS`], or NULL where the table has none of that name.
    fn columns(connection: &Connection) -> rusqlite::Result<Result<Vec<&'static str>, String>> {
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_RECORD as i32)?;
        // Schemas of strangers must call no functions, and cells must lie where they claim.
        connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")?;
        let mut tables =
            connection.prepare("SELECT type = 'table' AND rootpage > 0 FROM sqlite_schema WHERE name = 'systems'")?;
        match tables.query([])?.next()?.map(|row| row.get::<_, bool>(0)).transpose()? {
            Some(true) => {}
            Some(false) => return Ok(Err("`systems` is no plain table: no database of ASE".into())),
            None => return Ok(Err("has no table `systems`: no database of ASE".into())),
        }
        let mut names = Vec::new();
        let mut statement = connection.prepare("SELECT name FROM pragma_table_xinfo('systems') WHERE hidden = 0")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            names.push(row.get::<_, String>(0)?);
        }
        if let Some(missing) =
            ["id", "numbers", "positions", "cell"].into_iter().find(|&name| !names.iter().any(|n| n == name))
        {
            return Ok(Err(format!("the table `systems` has no column `{missing}`: no database of ASE")));
        }
        if names.iter().any(|name| ["rowid", "_rowid_", "oid"].contains(&name.to_ascii_lowercase().as_str())) {
            return Ok(Err("a column of `systems` hides the numbers of its rows".into()));
        }
        Ok(Ok(COLUMNS.iter().map(|&column| if names.iter().any(|n| n == column) { column } else { "NULL" }).collect()))
    }

    fn next(&mut self, out: &mut Vec<u8>) -> io::Result<Option<Framed>> {
        if self.numbers.is_empty() {
            self.look_ahead().map_err(damaged)?;
        }
        let Some(number) = self.numbers.pop() else { return Ok(None) };
        let start = out.len();
        // Lines mean nothing here.
        let framed = Framed { line: 0, too_large: false };
        if let Err(error) = self.read_row(number, out) {
            out.truncate(start);
            match error {
                rusqlite::Error::SqliteFailure(failure, _) if failure.code == rusqlite::ErrorCode::TooBig => {
                    write_fault(out, FaultCode::TooLarge, &too_large(number));
                }
                error => {
                    write_fault(out, FaultCode::UnparsableStructure, &format!("row {number}: cannot be read: {error}"));
                }
            }
        }
        Ok(Some(framed))
    }

    fn look_ahead(&mut self) -> rusqlite::Result<()> {
        let (from, last) = match self.last {
            None => (">=", i64::MIN),
            Some(last) => (">", last),
        };
        let text = format!("SELECT rowid FROM systems WHERE rowid {from} ?1 ORDER BY rowid LIMIT {NUMBERS}");
        let mut statement = self.connection.prepare_cached(&text)?;
        let mut rows = statement.query([last])?;
        while let Some(row) = rows.next()? {
            let number = row.get(0)?;
            // A damaged tree may lead back to where it came from.
            if self.last.is_some_and(|last| number <= last) {
                break;
            }
            self.last = Some(number);
            self.numbers.push(number);
        }
        self.numbers.reverse();
        Ok(())
    }

    fn read_row(&self, number: i64, out: &mut Vec<u8>) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(&self.select)?;
        statement.query_row([number], |row: &Row<'_>| {
            let values: rusqlite::Result<Vec<ValueRef<'_>>> =
                (0..COLUMNS.len()).map(|place| row.get_ref(place)).collect();
            write_row(out, number, &values?);
            Ok(())
        })
    }
}

/// What is wrong with a file as a whole.
fn damaged(error: rusqlite::Error) -> io::Error {
    BrokenStream(format!("the database cannot be read: {error}")).into_io()
}
