//! Whether a page has the tables of the reports beside it.
//! Weak spot: figures and captions are not read.

use std::path::{Component, Path};

use super::Document;
use super::check::{Checked, bounded};
use super::page::{FILES, heading, table};
use crate::markup::{html, named};

/// What is said of a page that no report beside it could be made again for.
const PAGE: &str = "page: made of the files beside it; not read";

/// The tables of the reports beside it as the page has them.
pub(super) fn check_page(path: &Path, shown: &[Shown]) -> Checked {
    let page = match bounded(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(reason) => return Checked::unchecked(path, reason),
    };
    let mut checked = Checked::new(path);
    for (tables, missing) in shown.iter().filter_map(|own| own.missing(&page)) {
        *checked.tables.get_or_insert(0) += tables;
        checked.differences.extend(missing.iter().map(|title| format!("table not as made again: {title}")));
    }
    // Of a page that no report beside it is about nothing is known, its files included.
    let gone = gone(path, &page).map(|name| format!("file beside it that is gone: {name}"));
    checked.differences.extend(gone.filter(|_| checked.tables.is_some()));
    checked.unread = checked.tables.is_none().then_some(PAGE);
    checked
}

/// Files that the page names and that are not there.
fn gone<'a>(path: &'a Path, page: &'a str) -> impl Iterator<Item = String> + 'a {
    let lists = page.split(FILES).skip(1).filter_map(|rest| rest.split("</p>").next());
    let links = lists.flat_map(|list| list.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()));
    let names =
        links.map(named).filter(|name| Path::new(name).components().all(|part| matches!(part, Component::Normal(_))));
    names.filter(|name| !path.with_file_name("").join(name).exists())
}

/// What a page that has the document says: its heading, and its tables with their titles.
pub(super) struct Shown {
    heading: String,
    tables: Vec<(String, String)>,
}

impl Shown {
    pub fn of(document: &Document) -> Self {
        let grids = document.sections().into_iter().flat_map(|section| section.grids);
        Self {
            heading: format!("<h2>{}</h2>", html(&heading(document))),
            tables: grids.map(|grid| (grid.title.clone(), table(&grid))).collect(),
        }
    }

    /// How many tables it has, and the titles of those that `page` lacks; `None` if the page is not about it.
    pub fn missing(&self, page: &str) -> Option<(usize, Vec<&str>)> {
        if !page.contains(&self.heading) {
            return None;
        }
        let lacks = |(_, table): &&(String, String)| !page.contains(&**table);
        Some((self.tables.len(), self.tables.iter().filter(lacks).map(|(title, _)| &**title).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_the_page_names_is_missed() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a b.csv"), "").expect("written");
        let link = |name: &str| format!("<a href=\"{}\">x</a>", crate::markup::address(name));
        let page = format!("{FILES}{}, {}</p><a href=\"elsewhere\">", link("a b.csv"), link("ä%.md"));
        assert_eq!(gone(&folder.path().join("index.html"), &page).collect::<Vec<_>>(), ["ä%.md"]);
    }

    #[test]
    fn a_page_is_asked_for_the_tables_of_what_it_is_about() {
        let shown = Shown {
            heading: "<h2>a</h2>".into(),
            tables: [("one", "<table>1"), ("two", "<table>2")].map(|(a, b)| (a.into(), b.into())).to_vec(),
        };
        assert_eq!(shown.missing("<h2>a</h2><table>1<table>2"), Some((2, vec![])));
        assert_eq!(shown.missing("<h2>a</h2><table>1<table>3"), Some((2, vec!["two"])));
        assert_eq!(shown.missing("<h2>b</h2><table>1"), None);
    }
}
