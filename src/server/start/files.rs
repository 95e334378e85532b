//! The files of the data folder, and the folder of definitions.

use std::path::Path;

use countersign_desk::deploy::Definitions;
use countersign_desk::index::SqliteIndex;
use countersign_desk::store::Sqlite;
use countersign_local as local;

use super::StartError;

/// The folder of definitions, which must be readable.
pub fn definitions(folder: &Path) -> Result<Definitions, StartError> {
    match std::fs::read_dir(folder) {
        Ok(_) => Ok(Definitions::from(folder.to_owned())),
        Err(source) => Err(StartError::Definitions { folder: folder.to_owned(), source }),
    }
}

/// Opens or creates `countersign.db` in the data folder, which no other user of the machine may read.
pub async fn open_store(data: &Path) -> Result<Sqlite, StartError> {
    local::files::private_folder(data)?;
    let file = data.join("countersign.db");
    // SQLite gives its files beside the database the same permissions.
    local::files::private_database(&file)?;
    Ok(Sqlite::open(&file).await?)
}

/// Opens or creates `index.db` in the data folder, with what was read of connections.
pub async fn open_index(data: &Path) -> Result<SqliteIndex, StartError> {
    let file = data.join("index.db");
    local::files::private_database(&file)?;
    Ok(SqliteIndex::open(&file).await?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[tokio::test]
    async fn a_record_that_is_no_database_is_refused_with_its_file() {
        let data = std::env::temp_dir().join(format!("countersign-start-{}", std::process::id()));
        local::files::private_folder(&data).unwrap();
        std::fs::write(data.join("countersign.db"), "no database, but a text that is long enough to be read as one")
            .unwrap();
        let error = open_store(&data).await.unwrap_err().to_string();
        assert!(error.contains("countersign.db") && error.contains("--data DIR"), "{error}");
        std::fs::remove_dir_all(data).unwrap();
    }
}
