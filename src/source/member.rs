//! Members: the single streams inside files and archives, each with its name and format, in a fixed order.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::SourceError;
use super::expand::{ByteStream, ExpansionLimit, open_stream};
use super::format::{ArchiveKind, Format};
use super::input::{InputFile, Wanted, is_hidden};
use super::tar::TarMembers;
use super::zip::ZipMembers;

/// One stream of records: a file, or a file inside an archive.
pub struct Member {
    /// `path` or `path!member`, as given.
    pub name: Arc<str>,
    /// What it holds, or why it is not read.
    pub content: Result<Content, String>,
}

/// A member that can be read.
pub struct Content {
    /// The format to read it in.
    pub format: Format,
    /// Expanded bytes. Damage comes as a [`BrokenStream`](super::expand::BrokenStream) inside the I/O error.
    pub stream: ByteStream,
    /// The file itself, where the member is one and is not compressed: open it to read out of order.
    pub file: Option<PathBuf>,
}

/// Longest name of a member; systems allow no longer paths.
const MAX_NAME_BYTES: usize = 4096;

/// What an archive hands out.
pub(super) enum Entry {
    /// A member: its name inside the archive, and its stored bytes or the reason why they are refused.
    Member(String, Result<ByteStream, String>),
    /// The archive is damaged here.
    Damage(String),
}

/// All members of a list of files, one after the other.
///
/// Archives are read as streams, never unpacked; their members come in archive order. Folders, hidden files and members of
/// kinds that are not wanted are passed over. Links, archives in archives, encrypted members and members whose path is
/// absolute or climbs with `..` come with a reason instead of content, and so does the place where an archive is damaged.
pub struct Members {
    files: std::vec::IntoIter<InputFile>,
    wanted: Wanted,
    limit: ExpansionLimit,
    archive: Option<(Arc<str>, Archive)>,
}

enum Archive {
    Tar(TarMembers),
    Zip(Box<ZipMembers>),
}

enum Opened {
    Single(Content),
    Archive(Archive),
    Refused(String),
}

impl Members {
    /// The members of `files`, in order.
    pub fn new(files: Vec<InputFile>, wanted: Wanted, limit: ExpansionLimit) -> Self {
        Self { files: files.into_iter(), wanted, limit, archive: None }
    }

    /// The next member.
    ///
    /// # Errors
    /// A file that cannot be opened or read, or whose format cannot be told.
    pub fn next_member(&mut self) -> Result<Option<Member>, SourceError> {
        loop {
            if let Some((name, archive)) = &mut self.archive {
                let entry = match archive {
                    Archive::Tar(tar) => tar.next_entry(),
                    Archive::Zip(zip) => zip.next_entry(self.limit),
                };
                match entry.map_err(|source| SourceError::Unreadable { input: name.to_string(), source })? {
                    Some(entry) => match member_of(name, entry, self.wanted, self.limit) {
                        Some(member) => return Ok(Some(member)),
                        None => continue,
                    },
                    None => self.archive = None,
                }
            }
            let Some(file) = self.files.next() else { return Ok(None) };
            let content = match self.open(&file)? {
                Opened::Single(content) => Ok(content),
                Opened::Refused(reason) => Err(reason),
                Opened::Archive(archive) => {
                    self.archive = Some((file.name, archive));
                    continue;
                }
            };
            return Ok(Some(Member { name: file.name, content }));
        }
    }

    fn open(&self, file: &InputFile) -> Result<Opened, SourceError> {
        if let Some(reason) = &file.refusal {
            return Ok(Opened::Refused(reason.clone()));
        }
        let unreadable = |source: io::Error| SourceError::Unreadable { input: file.name.to_string(), source };
        let stream = open_stream(Box::new(File::open(&file.path).map_err(unreadable)?), self.limit);
        match ArchiveKind::of_content(stream.head()) {
            Some(ArchiveKind::Zip) if stream.was_compressed() => {
                return Ok(Opened::Refused("a ZIP archive inside a compressed stream is not read".into()));
            }
            Some(ArchiveKind::Zip) => {
                return Ok(match ZipMembers::open(&file.path).map_err(unreadable)? {
                    Ok(zip) => Opened::Archive(Archive::Zip(Box::new(zip))),
                    Err(reason) => Opened::Refused(reason),
                });
            }
            Some(ArchiveKind::Tar) => return Ok(Opened::Archive(Archive::Tar(TarMembers::new(Box::new(stream))))),
            None => {}
        }
        if ArchiveKind::of_name(&file.name).is_some() {
            return Ok(Opened::Refused("is named like an archive but its content is none".into()));
        }
        let format = match self.wanted {
            Wanted::ByName => match Format::of_name(&file.name) {
                Some(named) => Some(named.refined(stream.head())),
                None => Format::of_content(stream.head()),
            },
            wanted => wanted.of_named(&file.name),
        };
        let Some(format) = format else { return Err(SourceError::UntoldFormat { input: file.name.to_string() }) };
        let path = (!stream.was_compressed()).then(|| file.path.clone());
        Ok(Opened::Single(Content { format, stream: Box::new(stream), file: path }))
    }
}

fn member_of(archive: &Arc<str>, entry: Entry, wanted: Wanted, limit: ExpansionLimit) -> Option<Member> {
    let (inside, raw) = match entry {
        Entry::Damage(reason) => return Some(Member { name: Arc::clone(archive), content: Err(reason) }),
        Entry::Member(inside, raw) => (inside, raw),
    };
    if inside.len() > MAX_NAME_BYTES {
        let shown: String = inside.chars().take(100).collect();
        let reason = format!("the member's name has {} bytes, more than {MAX_NAME_BYTES}", inside.len());
        return Some(Member { name: format!("{archive}!{shown}…").into(), content: Err(reason) });
    }
    let name = || format!("{archive}!{inside}").into();
    if is_hidden(&inside) {
        return None;
    }
    if ArchiveKind::of_name(&inside).is_some() {
        return Some(Member { name: name(), content: Err("an archive inside an archive is not read".into()) });
    }
    let format = wanted.of_found(&inside)?;
    let content = check_path(&inside).and(raw).map(|raw| {
        let stream = open_stream(raw, limit);
        let format = if wanted == Wanted::ByName { format.refined(stream.head()) } else { format };
        Content { format, stream: Box::new(stream), file: None }
    });
    Some(Member { name: name(), content })
}

/// Nothing is unpacked, so such a path can do no harm here; but whoever made it meant harm, or it comes from a broken tool.
fn check_path(inside: &str) -> Result<(), String> {
    let has_drive = inside.as_bytes().get(1) == Some(&b':');
    if inside.starts_with(['/', '\\']) || has_drive {
        return Err(format!("the archive's member has an absolute path {inside:?}"));
    }
    if inside.split(['/', '\\']).any(|part| part == "..") {
        return Err(format!("the archive's member has a path that climbs out {inside:?}"));
    }
    Ok(())
}
