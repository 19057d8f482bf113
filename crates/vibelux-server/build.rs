//! Makes cargo compile the crate again when a file of the page is added: the page is embedded by folder,
//! and cargo by itself notices only changes of the files that were there.

fn main() {
    println!("cargo::rerun-if-changed=web");
}
