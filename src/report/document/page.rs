//! Documents as one page: everything inside, nothing loaded from elsewhere.

use std::fmt::Write;

use super::layout::{Reach, Section, seconds};
use super::{Document, Unreported};
use crate::markup::{address, data_uri, html};
use crate::report::figure::Figure;
use crate::report::grid::Grid;
use crate::version::VERSION;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What stands before the names of a spec's files.
pub(super) const FILES: &str = "<p class=\"files\">Files beside this page: ";

/// One spec on the page.
pub(super) struct Chapter<'a> {
    /// What is said.
    pub document: &'a Document,
    /// What is drawn.
    pub figures: &'a [Figure],
    /// Names of the files beside the page.
    pub files: &'a [String],
}

/// The page.
pub(super) fn page(chapters: &[Chapter], unreported: &[Unreported]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>seglab report</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header><h1>seglab report</h1>\n<nav><ul>\n"
    );
    for (i, chapter) in chapters.iter().enumerate() {
        let _ = writeln!(page, "<li><a href=\"#s{i}\">{}</a></li>", html(&heading(chapter.document)));
    }
    page += "</ul></nav>\n</header>\n<main>\n";
    for (i, chapter) in chapters.iter().enumerate() {
        page += &chapter.html(i);
    }
    if !unreported.is_empty() {
        page += "<section class=\"chapter\">\n<h2>Without finished runs</h2>\n<ul>\n";
        for Unreported { spec, reason } in unreported {
            let _ = writeln!(page, "<li><b>{}</b>: {}</li>", html(spec), html(reason));
        }
        page += "</ul>\n</section>\n";
    }
    let _ = write!(
        page,
        "</main>\n<footer>Made by seglab {}. Numbers are of test cases; not a medical device.</footer>\n\
         <script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        VERSION
    );
    page
}

/// Of a chapter.
pub(super) fn heading(document: &Document) -> String {
    format!("{} ({})", document.spec, document.task.name())
}

impl Chapter<'_> {
    fn html(&self, place: usize) -> String {
        let mut out =
            format!("<section class=\"chapter\" id=\"s{place}\">\n<h2>{}</h2>\n", html(&heading(self.document)));
        for warning in self.document.warnings() {
            let _ = writeln!(out, "<p class=\"warning\">{}</p>", html(&warning));
        }
        let mut sections = self.document.sections().into_iter().peekable();
        if let Some(first) = sections.next() {
            out += &section(&first);
        }
        out += &self.gallery();
        sections.for_each(|own| out += &section(&own));
        out + &self.downloads() + "</section>\n"
    }

    fn gallery(&self) -> String {
        if self.figures.is_empty() {
            return String::new();
        }
        // Charts first, then pictures side by side: mixed, the grid would have holes.
        let (charts, pictures): (Vec<&Figure>, Vec<&Figure>) = self.figures.iter().partition(|own| own.svg.is_some());
        let group = |figures: Vec<&Figure>| match figures.is_empty() {
            true => String::new(),
            false => {
                format!("<div class=\"figures\">\n{}</div>\n", figures.into_iter().map(figure).collect::<String>())
            }
        };
        format!("<h3>Figures</h3>\n{}{}", group(charts), group(pictures))
    }

    fn downloads(&self) -> String {
        let link = |name: &String| {
            let parts: Vec<String> = name.split('/').map(address).collect();
            format!("<a href=\"{}\">{}</a>", parts.join("/"), html(name))
        };
        let links: Vec<String> = self.files.iter().map(link).collect();
        format!("{FILES}{}</p>\n", links.join(", "))
    }
}

fn section(section: &Section) -> String {
    let grids: String = section.grids.iter().map(table).collect();
    match section.reach {
        Reach::Everywhere => format!("<h3>{}</h3>\n{grids}", html(&section.title)),
        Reach::Page => format!("<details>\n<summary>{}</summary>\n{grids}</details>\n", html(&section.title)),
    }
}

pub(super) fn table(grid: &Grid) -> String {
    let kind = |place: usize| if place < grid.left { "" } else { " class=\"n\"" };
    let mut out =
        format!("<div class=\"table\"><table>\n<caption><span>{}</span></caption>\n<thead><tr>", html(&grid.title));
    for (place, head) in grid.header.iter().enumerate() {
        let _ = write!(out, "<th scope=\"col\"{}><button type=\"button\">{}</button></th>", kind(place), html(head));
    }
    out += "</tr></thead>\n<tbody>\n";
    for row in &grid.rows {
        // Read as text, 2 min 13 s would come before 59 s.
        let sort = |cell: &str| seconds(cell).map(|s| format!(" data-sort=\"{s}\"")).unwrap_or_default();
        let entry = |(place, cell): (usize, &String)| format!("<td{}{}>{}</td>", kind(place), sort(cell), entry(cell));
        let cells = row.iter().enumerate().map(entry);
        let _ = writeln!(out, "<tr>{}</tr>", cells.collect::<String>());
    }
    out += "</tbody></table></div>\n";
    if !grid.notes.is_empty() {
        let lines: Vec<String> = grid.notes.lines().map(html).collect();
        let _ = writeln!(out, "<p class=\"notes\">{}</p>", lines.join("<br>\n"));
    }
    out
}

/// An interval behind a number stands below it: side by side, ten metrics are wider than a screen.
fn entry(cell: &str) -> String {
    match cell.split_once(" [") {
        Some((mean, interval)) if interval.ends_with(']') => {
            format!("{} <span class=\"interval\">[{}</span>", html(mean), html(interval))
        }
        _ => html(cell),
    }
}

/// A drawing is part of the page, so that its text takes the page's colours; pixels are data of an image.
fn figure(figure: &Figure) -> String {
    let (caption, kind) = (html(&figure.caption), if figure.is_wide() { " class=\"wide\"" } else { "" });
    let picture = match figure.inline() {
        Some(svg) => svg.replace("<svg ", &format!("<svg role=\"img\" aria-label=\"{caption}\" ")),
        None => format!("<img alt=\"{caption}\" src=\"{}\">", data_uri("image/png", &figure.png)),
    };
    let drawn = figure.width;
    format!("<figure{kind} style=\"--drawn:{drawn}px\">{picture}<figcaption>{caption}</figcaption></figure>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_says_its_seconds_for_sorting() {
        let cells = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let (header, rows) = (cells(["Run", "Training"]), vec![cells(["3", "2 min 13 s"])]);
        let text = table(&Grid { title: String::new(), header, rows, left: 1, notes: String::new() });
        assert!(text.contains("<td>3</td><td class=\"n\" data-sort=\"133\">2 min 13 s</td>"), "{text}");
    }
}
