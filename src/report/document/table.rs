//! A document as CSV: one file of ours, one of what papers print.

use super::Document;
use crate::report::csv_of;

impl Document {
    /// One row per metric and arm: means, intervals, tests, ranks; an empty field is undefined.
    pub fn csv(&self) -> String {
        csv_of(self.statistics.csv())
    }

    /// One row per published number and arm; `None` where no paper has the arms.
    pub fn published_csv(&self) -> Option<String> {
        let head = [
            "source",
            "row",
            "arm",
            "column",
            "metric",
            "published",
            "ours",
            "bca_low",
            "bca_high",
            "n",
            "undefined",
            "difference",
            "comparable",
            "auditor",
            "missing",
        ];
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for table in &self.published {
            rows.extend(table.rows.iter().map(|row| {
                let metric = row.metric.unwrap_or_default().to_owned();
                let words = [table.source.clone(), row.row.clone(), row.arm.clone(), row.column.clone(), metric];
                let (low, high) = row.bca.map(|interval| (interval.low, interval.high)).unzip();
                let numbers = [row.ours, low, high, row.difference].map(number);
                let findings: Vec<&str> = row.findings.iter().map(|(_, message)| &**message).collect();
                let mut fields = words.to_vec();
                fields.push(row.printed.clone());
                let [ours, low, high, difference] = numbers;
                let [n, undefined] = [row.n, row.undefined].map(|n| n.map(|n| n.to_string()).unwrap_or_default());
                fields.extend([ours, low, high, n, undefined, difference]);
                fields.extend([table.comparable.to_string(), findings.join("; ")]);
                fields.push(row.missing.clone().unwrap_or_default());
                fields
            }));
        }
        (rows.len() > 1).then(|| csv_of(rows))
    }
}
