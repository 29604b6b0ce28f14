//! The repository: its files, its git state, and what in it is not Kubernetes'.
//! Nothing else opens files.

mod disk;
mod file;
mod files;
pub mod git;
mod read;
mod root;
mod walk;

pub use disk::DiskFiles;
pub use file::File;
pub use files::RepositoryFiles;
pub use read::{Contents, MAX_FILE_BYTES, Progress, read, read_text};
pub use root::{CONFIG_FILE, RootError, find_root, relative};
pub(crate) use walk::chart_folder;
pub use walk::{Listing, list};
