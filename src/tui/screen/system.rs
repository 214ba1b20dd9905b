//! The machine: what its processors, memory, disk and GPUs do, and what bounds each running run.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::tui::app::App;
use crate::tui::prose::wrap;
use crate::tui::system::{Gpu, Gpus, Machine, Sample, System, Worker};
use crate::tui::text::{fit, pad, width};
use crate::tui::theme::{VERMILLION, bold, dim};
use crate::tui::verdict::{Bound, Verdict};
use crate::tui::widget::spark::History;

/// Width of a row's name.
const NAME: usize = 11;
/// Width of a row's numbers, before its bars.
const NUMBERS: usize = 40;
/// A longer name of a GPU says no more.
const GPU_NAME: usize = 20;
/// Bars, one a second: three minutes.
const BARS: usize = 180;
/// Less room than this is no history.
const FEW_BARS: usize = 10;
/// Below this share of a disk there is something to do.
const LITTLE_DISK: f64 = 0.05;

/// Draws the screen.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let system = app.system();
    let Some(sample) = system.sample() else {
        return Line::styled("sampling …", dim()).render(area, buffer);
    };
    let columns = usize::from(area.width);
    let mut machine = machine(app, &sample.machine, columns);
    machine.extend(gpus(system, sample, columns));
    let [upper, _, lower] = Layout::vertical([
        // Runs keep their room on a machine of many GPUs.
        Constraint::Length((machine.len() as u16).min(area.height.saturating_sub(6))),
        Constraint::Length(1),
        Constraint::Min(0),
    ])
    .areas(area);
    machine.into_iter().zip(upper.rows()).for_each(|(line, row)| line.render(row, buffer));
    runs(app, sample, lower, buffer);
}

/// Name, numbers, bars of what was.
fn line(name: &str, numbers: &str, history: Option<(&History, f64)>, columns: usize) -> Line<'static> {
    let room = columns.saturating_sub(NAME + NUMBERS);
    let has_bars = room >= FEW_BARS && history.is_some();
    let numbers = if has_bars { pad(numbers, NUMBERS) } else { fit(numbers, columns.saturating_sub(NAME)) };
    let bars = history.filter(|_| has_bars).map_or(String::new(), |(history, top)| history.bars(room.min(BARS), top));
    Line::from(vec![Span::styled(pad(name, NAME), dim()), Span::raw(numbers), Span::raw(bars)])
}

fn machine(app: &App, machine: &Machine, columns: usize) -> Vec<Line<'static>> {
    let system = app.system();
    let unknown = || "not known here".to_owned();
    let percent = |share: f64| format!("{:>3.0} %", share * 100.0);
    let busy = machine.busy.map_or_else(|| "  – %".to_owned(), percent);
    let load =
        machine.load.map_or(String::new(), |[one, five, fifteen]| format!("  load {one:.1} {five:.1} {fifteen:.1}"));
    let cores = format!("{busy}  of {}{load}", machine.cores);
    let share = |(used, all): (f64, f64)| format!("{}  {} of {}", percent(used / all), gib(used), gib(all));
    let mut lines = vec![
        line("processors", &cores, Some((system.busy(), 1.0)), columns),
        line("memory", &machine.memory_mib.map_or_else(unknown, share), Some((system.memory(), 1.0)), columns),
    ];
    if let Some(swap) = machine.swap_mib {
        lines.push(line("swap", &share(swap), None, columns));
    }
    let disk = machine.disk_mib.map_or_else(unknown, |(free, all)| format!("{} of {} free", gib(free), gib(all)));
    let mut disk = line("results", &disk, None, columns);
    if machine.disk_mib.is_some_and(|(free, all)| free < LITTLE_DISK * all) {
        disk.push_span(Span::styled("  nearly full", app.theme().text(VERMILLION).bold()));
    }
    lines.push(disk);
    lines
}

fn gib(mib: f64) -> String {
    if mib < 1024.0 { format!("{mib:.0} MiB") } else { format!("{:.1} GiB", mib / 1024.0) }
}

fn gpus(system: &System, sample: &Sample, columns: usize) -> Vec<Line<'static>> {
    match &sample.gpus {
        Gpus::Absent(reason) => vec![line("GPU", reason, None, columns)],
        Gpus::Present(gpus) if gpus.is_empty() => vec![line("GPU", "the NVIDIA driver knows none", None, columns)],
        Gpus::Present(gpus) => gpus.iter().enumerate().flat_map(|(i, one)| gpu(system, (i, one), columns)).collect(),
    }
}

/// A line of numbers with bars, and one of what it is and for whom.
fn gpu(system: &System, (index, gpu): (usize, &Gpu), columns: usize) -> [Line<'static>; 2] {
    let busy = gpu.busy.map_or("  – %".to_owned(), |share| format!("{:>3.0} %", share * 100.0));
    let memory = gpu.memory_mib.map_or(String::new(), |(used, all)| format!("  {} of {}", gib(used), gib(all)));
    let heat = gpu.celsius.map(|celsius| format!("{celsius} C"));
    let power = gpu.watts.map(|(drawn, limit)| match limit {
        Some(limit) => format!("{drawn:.0} of {limit:.0} W"),
        None => format!("{drawn:.0} W"),
    });
    let processes = match gpu.processes.len() {
        0 => "no process".to_owned(),
        _ => {
            let one = |(pid, mib): &(u32, Option<f64>)| {
                format!("{pid}{}", mib.map_or(String::new(), |m| format!(" ({})", gib(m))))
            };
            format!("processes {}", gpu.processes.iter().map(one).collect::<Vec<_>>().join(", "))
        }
    };
    let about: Vec<String> =
        [Some(fit(&gpu.name, GPU_NAME)), heat, power, Some(processes)].into_iter().flatten().collect();
    let history = system.gpu(index).map(|history| (history, 1.0));
    [
        line(&format!("GPU {index}"), &format!("{busy}{memory}"), history, columns),
        line("", &about.join("  "), None, columns),
    ]
}

fn runs(app: &App, sample: &Sample, area: Rect, buffer: &mut Buffer) {
    let mut rows = area.rows();
    let count = sample.workers.len();
    let head = if count == 0 { "no run is running".to_owned() } else { format!("{count} running") };
    Line::styled(head, bold()).render(rows.next().unwrap_or_default(), buffer);
    let workers = sample.workers.iter().skip(app.scroll().min(count.saturating_sub(1)));
    let lines = workers.flat_map(|worker| run(app, worker, sample, usize::from(area.width)));
    lines.zip(rows).for_each(|(line, row)| line.render(row, buffer));
}

/// Name, numbers, verdict.
fn run(app: &App, worker: &Worker, sample: &Sample, columns: usize) -> Vec<Line<'static>> {
    let system = app.system();
    let device = if worker.device.is_empty() { String::new() } else { format!("  on {}", worker.device) };
    let title = fit(&worker.label, columns);
    let rest = columns.saturating_sub(width(&title));
    let process = worker.process;
    let pace = worker.pace.map(|pace| format!("{:.1} images/s", pace.images_per_s));
    let cores = process.and_then(|process| process.cores).map(|cores| format!("{cores:.1} processors"));
    let memory = process.map(|process| gib(process.memory_mib));
    let numbers: Vec<String> = [cores, memory, pace].into_iter().flatten().collect();
    let pid = process.map_or("no pid".to_owned(), |process| format!("{}", process.pid));
    let history = system.worker(&worker.name).map(|history| (history, sample.machine.cores.max(1) as f64));
    let verdict = system.verdict(worker);
    let style = if verdict.bound == Bound::Unknown { dim() } else { bold() };
    let mut lines = vec![
        Line::from(vec![Span::styled(title, bold()), Span::styled(fit(&device, rest), dim())]),
        line(&format!("  {pid}"), &numbers.join("  "), history, columns),
    ];
    lines.extend(judged(&verdict, style, columns));
    lines
}

/// The bound, then the numbers in as many lines as they take.
fn judged(verdict: &Verdict, style: Style, columns: usize) -> Vec<Line<'static>> {
    let name = verdict.bound.name();
    let text = wrap(&format!("{name}: {}", verdict.because), columns.saturating_sub(2), 2);
    let line = |text: &String| match text.strip_prefix(name) {
        Some(rest) => Line::from(vec!["  ".into(), Span::styled(name, style), rest.to_owned().into()]),
        None => Line::raw(format!("  {text}")),
    };
    text.iter().map(line).collect()
}
