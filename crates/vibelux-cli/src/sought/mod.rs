//! What songs are sought by the commands that make queues of them: the flags (`args.rs`), what they ask for (`wish.rs`), and the library that it
//! is sought in (`library.rs`).

mod args;
mod library;
mod wish;

pub use args::{SoughtArgs, needed};
pub use library::SoughtLibrary;
pub use wish::Wish;
