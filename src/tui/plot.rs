//! How curves are looked at: axis, scale, smoothing, window, crosshair. Knows what to ask for, not the data.

use serde::{Deserialize, Serialize};

use super::keys::Direction;
use super::text::duration;

/// The smallest window is this share of the whole: the finest that numbers of a million steps need.
const FINEST: f64 = 1e-6;
/// Presses that the crosshair needs at most from one end to the other.
const PRESSES: f64 = 100.0;

/// What a curve runs over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Axis {
    /// Completed epochs.
    #[default]
    Epoch,
    /// Steps of gradient descent.
    Step,
    /// Seconds that the epochs took together, without pauses between workers.
    Time,
}

impl Axis {
    /// What its numbers count.
    pub fn name(self) -> &'static str {
        match self {
            Axis::Epoch => "epoch",
            Axis::Step => "step",
            Axis::Time => "time",
        }
    }

    /// A place on it, as short as it can be said.
    pub fn number(self, x: f64) -> String {
        if self == Axis::Time { duration(x) } else { format!("{x:.0}") }
    }

    fn next(self) -> Self {
        match self {
            Axis::Epoch => Axis::Step,
            Axis::Step => Axis::Time,
            Axis::Time => Axis::Epoch,
        }
    }
}

/// How values are spread over the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Equal differences.
    #[default]
    Linear,
    /// Equal ratios; only values above 0 have a place.
    Log,
}

/// Exponential moving average of the drawn line; the values themselves stay in sight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Smoothing {
    /// None.
    #[default]
    Off,
    /// The past weighs 0.6.
    Light,
    /// The past weighs 0.9.
    Strong,
}

impl Smoothing {
    /// Weight of the past; `None` if nothing is smoothed.
    pub fn weight(self) -> Option<f64> {
        match self {
            Smoothing::Off => None,
            Smoothing::Light => Some(0.6),
            Smoothing::Strong => Some(0.9),
        }
    }

    fn next(self) -> Self {
        match self {
            Smoothing::Off => Smoothing::Light,
            Smoothing::Light => Smoothing::Strong,
            Smoothing::Strong => Smoothing::Off,
        }
    }
}

/// What a key does to a plot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Half the window, or twice.
    Zoom(Direction),
    /// A quarter of the window.
    Pan(Direction),
    /// The whole run again.
    Whole,
    /// The next axis.
    Axis,
    /// The other scale.
    Scale,
    /// The next smoothing.
    Smoothing,
    /// The crosshair.
    Cross(Direction),
}

/// How curves are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Plot {
    /// `None` until someone chooses: steps before the second epoch, so that something moves from the first second on.
    pub axis: Option<Axis>,
    /// Of the values.
    pub scale: Scale,
    /// Of the lines.
    pub smoothing: Smoothing,
    /// Part of the axis; `None` is all of it.
    pub window: Option<(f64, f64)>,
    /// Place of the crosshair.
    pub cross: Option<f64>,
}

/// What a plot needs to know of its data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ground {
    /// The axis that is drawn.
    pub axis: Axis,
    /// What the data span on it; `None` without data.
    pub extent: Option<(f64, f64)>,
    /// Places that have a value within the window, ascending.
    pub places: Vec<f64>,
    /// Where the crosshair begins.
    pub best: Option<f64>,
}

impl Plot {
    /// What the data depend on: a change of anything else needs none of them again.
    pub fn asked(&self) -> (Option<Axis>, Smoothing, Option<(f64, f64)>) {
        (self.axis, self.smoothing, self.window)
    }

    /// Shows all of other data.
    pub fn leave(&mut self) {
        (self.window, self.cross) = (None, None);
    }

    /// Does what a key says, over `ground`.
    pub fn turn(&mut self, turn: Turn, ground: &Ground) {
        match turn {
            Turn::Whole => self.window = None,
            Turn::Scale => {
                self.scale = if self.scale == Scale::Linear { Scale::Log } else { Scale::Linear };
            }
            Turn::Smoothing => self.smoothing = self.smoothing.next(),
            Turn::Axis => {
                self.axis = Some(ground.axis.next());
                self.leave();
            }
            Turn::Zoom(direction) => self.zoom(direction, ground),
            Turn::Pan(direction) => self.pan(direction, ground),
            Turn::Cross(direction) => self.cross(direction, ground),
        }
    }

    /// The part of the axis that is drawn.
    pub fn shown(&self, ground: &Ground) -> Option<(f64, f64)> {
        let (low, high) = ground.extent?;
        self.window.filter(|window| window.0 < high && window.1 > low).or(Some((low, high)))
    }

    fn zoom(&mut self, direction: Direction, ground: &Ground) {
        let (Some(whole), Some((low, high))) = (ground.extent, self.shown(ground)) else { return };
        let finest = match ground.axis {
            Axis::Epoch | Axis::Step => 2.0,
            Axis::Time => (whole.1 - whole.0) * FINEST,
        };
        let size = match direction {
            Direction::Forward => ((high - low) / 2.0).max(finest),
            Direction::Backward => (high - low) * 2.0,
        };
        let middle = self.cross.filter(|x| (low..=high).contains(x)).unwrap_or((low + high) / 2.0);
        self.put(middle - size / 2.0, size, whole);
    }

    fn pan(&mut self, direction: Direction, ground: &Ground) {
        let (Some(whole), Some((low, high))) = (ground.extent, self.window) else { return };
        let size = high - low;
        let quarter = if direction == Direction::Forward { size / 4.0 } else { size / -4.0 };
        self.put(low + quarter, size, whole);
    }

    fn put(&mut self, low: f64, size: f64, whole: (f64, f64)) {
        if size.is_nan() || size >= whole.1 - whole.0 {
            self.window = None;
            return;
        }
        let low = low.clamp(whole.0, whole.1 - size);
        self.window = Some((low, low + size));
    }

    /// To the next place with a value, far enough for the end to be in reach.
    fn cross(&mut self, direction: Direction, ground: &Ground) {
        let Some((low, high)) = self.shown(ground) else { return };
        let places = &ground.places;
        let within = |x: &f64| (low..=high).contains(x);
        let Some(from) = self.cross.filter(within) else {
            self.cross = ground.best.filter(within).or_else(|| places.iter().rev().copied().find(within));
            return;
        };
        let far = (high - low) / PRESSES;
        let found = match direction {
            Direction::Forward => {
                let last = places.iter().rev().copied().find(within);
                places.iter().copied().find(|x| *x > from && *x >= from + far).filter(within).or(last)
            }
            Direction::Backward => {
                let first = places.iter().copied().find(within);
                places.iter().rev().copied().find(|x| *x < from && *x <= from - far).filter(within).or(first)
            }
        };
        self.cross = found.or(self.cross);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{Backward, Forward};

    fn ground() -> Ground {
        Ground {
            axis: Axis::Epoch,
            extent: Some((1.0, 101.0)),
            places: (1..=101).map(f64::from).collect(),
            best: Some(40.0),
        }
    }

    fn turned(turns: &[Turn]) -> Plot {
        let mut plot = Plot::default();
        turns.iter().for_each(|turn| plot.turn(*turn, &ground()));
        plot
    }

    #[test]
    fn zooming_halves_around_the_middle_and_ends_at_the_whole() {
        assert_eq!(turned(&[Turn::Zoom(Forward)]).window, Some((26.0, 76.0)));
        assert_eq!(turned(&[Turn::Zoom(Forward), Turn::Zoom(Backward)]).window, None);
        assert_eq!(turned(&[Turn::Zoom(Forward), Turn::Whole]).window, None);
        let deepest = turned(&[Turn::Zoom(Forward); 60]).window.expect("zoomed");
        assert_eq!(deepest.1 - deepest.0, 2.0);
    }

    #[test]
    fn panning_stops_at_both_ends() {
        let panned = |way| turned(&[[Turn::Zoom(Forward)].as_slice(), [Turn::Pan(way); 9].as_slice()].concat()).window;
        assert_eq!(panned(Backward), Some((1.0, 51.0)));
        assert_eq!(panned(Forward), Some((51.0, 101.0)));
        assert_eq!(turned(&[Turn::Pan(Forward)]).window, None);
    }

    #[test]
    fn the_crosshair_begins_at_the_best_and_stands_on_values_only() {
        assert_eq!(turned(&[Turn::Cross(Forward)]).cross, Some(40.0));
        assert_eq!(turned(&[Turn::Cross(Forward); 3]).cross, Some(42.0));
        assert_eq!(turned(&[Turn::Cross(Backward); 200]).cross, Some(1.0));
        assert_eq!(turned(&[Turn::Cross(Forward); 200]).cross, Some(101.0));
    }

    #[test]
    fn another_axis_is_seen_whole() {
        let plot = turned(&[Turn::Zoom(Forward), Turn::Cross(Forward), Turn::Axis]);
        assert_eq!((plot.axis, plot.window, plot.cross), (Some(Axis::Step), None, None));
    }

    #[test]
    fn nothing_to_look_at_is_no_panic() {
        let mut plot = Plot { window: Some((f64::NAN, 3.0)), ..Plot::default() };
        for ground in [Ground::default(), Ground { extent: Some((0.0, 0.0)), ..Ground::default() }, ground()] {
            for turn in [Turn::Zoom(Forward), Turn::Zoom(Backward), Turn::Pan(Forward), Turn::Cross(Backward)] {
                plot.turn(turn, &ground);
            }
        }
    }
}
