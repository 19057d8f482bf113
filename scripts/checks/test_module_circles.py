"""Tests of module_circles.py on small crates.

    python3 scripts/checks/test_module_circles.py
"""

import pathlib
import tempfile
import unittest

import module_circles


def circles(**files):
    """The circles of a crate with these files; a name `a__b` stands for src/a/b.rs."""
    with tempfile.TemporaryDirectory() as folder:
        crate = pathlib.Path(folder, "crate")
        for name, code in files.items():
            path = crate / "src" / (name.replace("__", "/") + ".rs")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code)
        return module_circles.Crate(crate).circles()[1]


class Circles(unittest.TestCase):
    def test_two_files_that_name_each_other(self):
        found = circles(
            lib="mod one; mod two;",
            one="use crate::two::B; pub struct A(B);",
            two="use crate::one::A; pub struct B(Box<A>);",
        )
        self.assertEqual(found, [[("one",), ("two",)]])

    def test_one_direction_is_no_circle(self):
        found = circles(lib="mod one; mod two;", one="use crate::two::B; pub struct A(B);", two="pub struct B;")
        self.assertEqual(found, [])

    def test_a_way_round_over_three_files(self):
        found = circles(
            lib="mod a; mod b; mod c;",
            a="pub fn a() { crate::b::b() }",
            b="pub fn b() { crate::c::c() }",
            c="use super::a; pub fn c() { a::a() }",
        )
        self.assertEqual(found, [[("a",), ("b",), ("c",)]])

    def test_a_name_is_followed_through_a_shop_window(self):
        # The folder only shows the name: the circle is between the two files, if there is one.
        window = dict(lib="mod room; mod user;", room__mod="mod inner; pub use inner::Thing;")
        found = circles(**window, room__inner="pub struct Thing;", user="use crate::room::Thing; fn f(_: Thing) {}")
        self.assertEqual(found, [])
        found = circles(
            **window,
            room__inner="pub struct Thing(crate::user::Other);",
            user="use crate::room::Thing; pub struct Other(Box<Thing>);",
        )
        self.assertEqual(found, [[("room", "inner"), ("user",)]])

    def test_a_child_that_uses_what_its_folder_defines(self):
        found = circles(
            lib="mod room;",
            room__mod="mod child; pub struct Shared; pub fn go() { child::go() }",
            room__child="use super::Shared; pub fn go() { let _ = Shared; }",
        )
        self.assertEqual(found, [[("room",), ("room", "child")]])

    def test_a_glob_counts(self):
        found = circles(
            lib="mod one; mod two;", one="use crate::two::*; pub struct A(B);", two="use crate::one::A; pub struct B(A);"
        )
        self.assertEqual(found, [[("one",), ("two",)]])

    def test_tests_comments_and_strings_do_not_count(self):
        found = circles(
            lib="mod one; mod two;",
            one="use crate::two::B; pub struct A(B);",
            two='''//! [`crate::one::A`]
                pub struct B;
                pub const TEXT: &str = "crate::one::A";
                #[cfg(test)]
                mod tests { use crate::one::A; }''',
        )
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main()
