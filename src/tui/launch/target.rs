//! What is started is executed on.

use crate::device::Choice;
use crate::executor::Devices;

/// A choice among the devices that there are.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// What was chosen.
    pub device: Choice,
    /// What there is; `None` while workers are asked.
    pub devices: Option<Devices>,
}

impl Target {
    /// The next of the devices that there are, after the last of them all again.
    pub fn turn(&mut self) {
        let usable = self.devices.iter().flat_map(|devices| &devices.usable);
        let choices: Vec<Choice> =
            [Choice::Auto].into_iter().chain(usable.map(|device| Choice::Named(vec![*device]))).collect();
        let next = choices.iter().position(|choice| *choice == self.device).map_or(0, |place| place + 1);
        self.device = choices.get(next).cloned().unwrap_or_default();
    }

    /// What is started is executed on, in words.
    pub fn on(&self) -> String {
        match (&self.device, &self.devices) {
            (Choice::Auto, Some(devices)) => format!("auto: {}", Choice::Named(devices.auto.clone())),
            (device, _) => device.to_string(),
        }
    }

    /// GPUs that it is executed on, as far as they are known.
    pub fn gpus(&self) -> usize {
        let auto = || self.devices.as_ref().map_or(&[][..], |devices| &devices.auto);
        let names = if let Choice::Named(names) = &self.device { names } else { auto() };
        names.iter().filter(|device| device.is_gpu()).count()
    }
}
