//! Place.

fn main() {
    divan::main();
}
