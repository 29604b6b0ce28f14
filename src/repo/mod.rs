//! The repository: its files, its git state, and what in it is not Kubernetes'.

mod file;

pub use file::File;
