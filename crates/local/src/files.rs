//! Folders and files that no other user of the machine may read: the data folder, and what the program keeps in it.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, fstat, major, minor};
use rustix::process::geteuid;

/// The modes of a folder and of a file that only their owner may use.
const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;
/// The bits of a mode that let other users in.
const OTHERS: u32 = 0o077;
/// The bit of a folder in which everybody may put files, such as `/tmp`.
const STICKY: u32 = 0o1000;

/// Why a folder or a file cannot be kept private.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    #[error("The data folder {} cannot be written: {source}.\nName a writable one with --data DIR, or change its permissions.", .folder.display())]
    Folder { folder: PathBuf, source: io::Error },
    #[error("The data folder {} belongs to {owner}, and this program runs as {me}: {owner} could read and change the data.\nUse a folder of your own with --data DIR.", .folder.display())]
    Foreign { folder: PathBuf, owner: String, me: String },
    #[error("All users of this machine share the folder {}, and could read the data there.\nName a folder of its own with --data DIR, such as {}.", .0.display(), .0.join("countersign").display())]
    Common(PathBuf),
    #[error("{} is not a regular file of this program ({what}).\nMove it away and start again.", .file.display())]
    Odd { file: PathBuf, what: String },
    #[error("The file {} cannot be opened: {source}.\nChange its permissions, or name another folder with --data DIR.", .file.display())]
    File { file: PathBuf, source: io::Error },
}

/// Makes everything that this process creates from now on private to its user.
pub fn keep_new_files_private() {
    rustix::process::umask(Mode::from_raw_mode(OTHERS));
}

/// Makes a folder that only this user may enter. An existing one that lets others in is closed to them, with everything
/// in it, and a notice says so.
///
/// # Errors
/// It cannot be made, belongs to another user, or is one that all users share.
pub fn private_folder(folder: &Path) -> Result<(), PrivateError> {
    let failed = |source| PrivateError::Folder { folder: folder.to_owned(), source };
    DirBuilder::new().recursive(true).mode(FOLDER).create(folder).map_err(failed)?;
    let said = std::fs::metadata(folder).map_err(failed)?;
    let is_top = folder.canonicalize().is_ok_and(|whole| whole.parent().is_none());
    if said.mode() & STICKY != 0 || is_top {
        return Err(PrivateError::Common(folder.to_owned()));
    }
    check_owner(folder, &said)?;
    if said.mode() & OTHERS != 0 {
        // The folder first: from then on nobody reaches its contents.
        std::fs::set_permissions(folder, Permissions::from_mode(FOLDER)).map_err(failed)?;
        close_below(folder).map_err(failed)?;
        notice(folder, said.mode());
    }
    Ok(())
}

/// Checks that this user is the owner. Root may use the folder of another user, as in a container, and gets a notice.
fn check_owner(folder: &Path, said: &Metadata) -> Result<(), PrivateError> {
    let me = geteuid();
    if said.uid() == me.as_raw() {
        return Ok(());
    }
    let owner = user(said.uid());
    if me.is_root() {
        tracing::warn!("the data folder {} belongs to {owner}, who can read what is kept there", folder.display());
        return Ok(());
    }
    Err(PrivateError::Foreign { folder: folder.to_owned(), owner, me: user(me.as_raw()) })
}

fn notice(folder: &Path, before: u32) {
    let is_closed = std::fs::metadata(folder).is_ok_and(|said| said.mode() & OTHERS == 0);
    let (folder, before) = (folder.display(), before & 0o777);
    if is_closed {
        tracing::warn!(
            "other users of this machine could read the data folder {folder} (mode {before:o}); now only you can (700)"
        );
    } else {
        tracing::warn!(
            "other users of this machine can read the data folder {folder} (mode {before:o}): its file system keeps no permissions"
        );
    }
}

/// Takes all rights of others from everything below a folder. Links are left alone: they lead elsewhere.
fn close_below(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let said = entry.metadata()?;
        if said.is_symlink() {
            continue;
        }
        if said.mode() & OTHERS != 0 {
            std::fs::set_permissions(entry.path(), Permissions::from_mode(said.mode() & FOLDER))?;
        }
        if said.is_dir() {
            close_below(&entry.path())?;
        }
    }
    Ok(())
}

/// Opens a file that only this user may read, or makes it. Its contents stay.
///
/// # Errors
/// It is a link or no file, belongs to another user, or cannot be opened.
pub fn private_file(file: &Path) -> Result<File, PrivateError> {
    let no_link = i32::try_from(OFlags::NOFOLLOW.bits() | OFlags::NONBLOCK.bits()).unwrap_or_default();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(FILE).custom_flags(no_link);
    let odd = |what: String| PrivateError::Odd { file: file.to_owned(), what };
    let opened = options.open(file).map_err(|source| match std::fs::symlink_metadata(file) {
        Ok(said) if said.is_symlink() => odd("it is a link".to_owned()),
        Ok(said) if said.uid() != geteuid().as_raw() => odd(format!("it belongs to {}: {source}", user(said.uid()))),
        _ => PrivateError::File { file: file.to_owned(), source },
    })?;
    let failed = |source| PrivateError::File { file: file.to_owned(), source };
    let said = opened.metadata().map_err(failed)?;
    if !said.is_file() {
        return Err(odd("it is no file".to_owned()));
    }
    if said.uid() != geteuid().as_raw() && !geteuid().is_root() {
        return Err(odd(format!("it belongs to {}", user(said.uid()))));
    }
    if said.mode() & OTHERS != 0 {
        opened.set_permissions(Permissions::from_mode(said.mode() & FOLDER)).map_err(failed)?;
    }
    Ok(opened)
}

/// Makes a database's file and the files beside it private, before the database opens them.
///
/// # Errors
/// One of the files is none of this program's.
pub fn private_database(file: &Path) -> Result<(), PrivateError> {
    private_file(file)?;
    for end in ["-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        if std::fs::symlink_metadata(&name).is_ok() {
            private_file(Path::new(&name))?;
        }
    }
    Ok(())
}

/// Who holds the lock of a file, if the system says so: "process 12 of ada".
#[must_use]
pub fn holder(lock: &File) -> Option<String> {
    let said = fstat(lock).ok()?;
    // `1: FLOCK  ADVISORY  WRITE 12 fe:00:34 0 EOF`
    let place = format!("{:02x}:{:02x}:{}", major(said.st_dev), minor(said.st_dev), said.st_ino);
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let process = locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = words.iter().position(|word| *word == place)?;
        words.get(at.checked_sub(1)?).filter(|process| process.parse::<u32>().is_ok()).copied()
    })?;
    let owner = std::fs::metadata(format!("/proc/{process}")).ok()?.uid();
    Some(format!("process {process} of {}", user(owner)))
}

/// A user's name, or the number of a user without one.
fn user(id: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    });
    name.map_or_else(|| format!("the user {id}"), |name| format!("the user {name}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    fn fresh(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("countersign-files-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        folder
    }

    fn mode(path: &Path) -> u32 {
        std::fs::symlink_metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn a_folder_that_was_open_is_closed_with_all_that_is_in_it() {
        let folder = fresh("open");
        std::fs::create_dir_all(folder.join("s3/b-1")).unwrap();
        std::fs::write(folder.join("s3/b-1/run.sh"), "x").unwrap();
        for (path, mode) in [("", 0o755), ("s3", 0o775), ("s3/b-1", 0o755), ("s3/b-1/run.sh", 0o754)] {
            std::fs::set_permissions(folder.join(path), Permissions::from_mode(mode)).unwrap();
        }
        let outside = fresh("outside");
        std::fs::write(&outside, "theirs").unwrap();
        std::fs::set_permissions(&outside, Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink(&outside, folder.join("link")).unwrap();
        private_folder(&folder).unwrap();
        for (path, expect) in [("", 0o700), ("s3", 0o700), ("s3/b-1", 0o700), ("s3/b-1/run.sh", 0o700)] {
            assert_eq!(mode(&folder.join(path)), expect, "{path}");
        }
        assert_eq!(mode(&outside), 0o644, "a link leads elsewhere");
        std::fs::remove_dir_all(folder).unwrap();
        std::fs::remove_file(outside).unwrap();
    }

    #[test]
    fn a_new_folder_and_its_parents_are_private() {
        let folder = fresh("new");
        private_folder(&folder.join("a/b")).unwrap();
        assert_eq!((mode(&folder), mode(&folder.join("a/b"))), (0o700, 0o700));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_all_users_share_is_no_data_folder() {
        for shared in [std::path::Path::new("/tmp"), Path::new("/")] {
            let before = mode(shared);
            let error = private_folder(shared).unwrap_err().to_string();
            assert!(error.contains("share") && error.contains("--data DIR"), "{error}");
            assert_eq!(mode(shared), before);
        }
    }

    #[test]
    fn a_file_is_private_and_no_link() {
        let folder = fresh("file");
        private_folder(&folder).unwrap();
        let file = folder.join("engine.db");
        std::fs::write(&file, "kept").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        std::fs::write(folder.join("engine.db-wal"), "kept").unwrap();
        std::fs::set_permissions(folder.join("engine.db-wal"), Permissions::from_mode(0o664)).unwrap();
        private_database(&file).unwrap();
        assert_eq!((mode(&file), mode(&folder.join("engine.db-wal"))), (0o600, 0o600));
        assert_eq!(std::fs::read(&file).unwrap(), b"kept");
        std::os::unix::fs::symlink("/etc/hostname", folder.join("link")).unwrap();
        let error = private_file(&folder.join("link")).unwrap_err().to_string();
        assert!(error.contains("it is a link"), "{error}");
        let error = private_file(&folder).unwrap_err().to_string();
        assert!(error.contains("countersign-files-file"), "{error}");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_holder_of_a_lock_is_named() {
        let folder = fresh("holder");
        private_folder(&folder).unwrap();
        let lock = private_file(&folder.join("engine.lock")).unwrap();
        lock.try_lock().unwrap();
        let other = private_file(&folder.join("engine.lock")).unwrap();
        // If the system does not list locks, nobody is named.
        if let Some(holder) = holder(&other) {
            assert!(holder.starts_with(&format!("process {} of the user ", std::process::id())), "{holder}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
