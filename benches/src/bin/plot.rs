//! Draws the pictures of `docs/performance.md` from the outputs of the other programs.
//!
//! ```sh
//! cargo run -p envelope-benches --features plot --bin plot -- docs/performance
//! ```
//!
//! The folder has the outputs: `seal.txt`, `seal-aws-lc.txt`, `overhead.txt`, `peers.txt`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SIZE: (u32, u32) = (860, 420);
const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 114, 178), RGBColor(230, 159, 0), RGBColor(120, 120, 120), RGBColor(0, 158, 115)];
/// The part of a group's width that its bars take.
const FILLED: f64 = 0.8;

fn main() -> Result<()> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("the folder is missing")?);
    let seal = tables(&folder.join("seal.txt"))?;
    let aws_lc = tables(&folder.join("seal-aws-lc.txt"))?;
    let overhead = tables(&folder.join("overhead.txt"))?;
    let peers = tables(&folder.join("peers.txt"))?;

    for (work, file) in [("seal", "seal.svg"), ("open", "open.svg")] {
        let ratio = |table: &Table| table.rows.last().map_or(f64::NAN, |row| row.ratio);
        let groups = seal.iter().zip(&aws_lc).filter_map(|(rust, aws_lc)| {
            let record = rust.title.strip_prefix(work)?.strip_prefix(": ")?;
            Some((record.to_owned(), vec![ratio(rust), ratio(aws_lc)]))
        });
        Chart {
            title: format!("Time to {work}, relative to AES-256-GCM by hand"),
            series: vec!["RustCrypto".to_owned(), "AWS-LC".to_owned()],
            groups: groups.collect(),
            unit: "times",
        }
        .draw(&folder.join(file), Scale::Linear)?;
    }
    let against_sdk = overhead.iter().filter(|table| table.title.contains("plaintext"));
    chart("Time of a request through a connection that answers at once", "µs", against_sdk, 1e3)
        .draw(&folder.join("overhead.svg"), Scale::Linear)?;
    chart("Time of an item, against AWS's library", "µs, logarithmic", peers.iter(), 1e3)
        .draw(&folder.join("peers.svg"), Scale::Logarithmic)
}

/// One comparison, as the programs print it.
struct Table {
    title: String,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    nanos: f64,
    ratio: f64,
}

fn tables(path: &Path) -> Result<Vec<Table>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut tables: Vec<Table> = Vec::new();
    for line in text.lines() {
        match (row(line), tables.last_mut()) {
            (Some(row), Some(table)) => table.rows.push(row),
            _ => tables.push(Table { title: line.to_owned(), rows: Vec::new() }),
        }
    }
    tables.retain(|table| !table.rows.is_empty());
    Ok(tables)
}

/// Reads `  name   1234 ns   1.00`.
fn row(line: &str) -> Option<Row> {
    let (name, numbers) = line.strip_prefix("  ")?.split_once("  ")?;
    let (nanos, ratio) = numbers.split_once(" ns ")?;
    let (nanos, ratio) = (nanos.trim().parse().ok()?, ratio.trim().parse().ok()?);
    Some(Row { name: name.to_owned(), nanos, ratio })
}

/// Groups of bars.
struct Chart {
    title: String,
    /// The names of the bars in each group.
    series: Vec<String>,
    /// The name of each group, and its values.
    groups: Vec<(String, Vec<f64>)>,
    unit: &'static str,
}

/// A group for each table. A bar for each of the rows that all have.
fn chart<'a>(
    title: &str,
    unit: &'static str,
    tables: impl Iterator<Item = &'a Table>,
    nanos: f64,
) -> Chart {
    let tables: Vec<_> = tables.collect();
    let count = tables.iter().map(|table| table.rows.len()).min().unwrap_or_default();
    let first = tables.first().map(|table| table.rows.as_slice()).unwrap_or_default();
    let series = first.iter().take(count).map(|row| {
        // Without what is said of one table only.
        let name = row.name.trim_start_matches("PutItem ").trim_end_matches("::put");
        name.trim_end_matches(", all attributes authenticated").to_owned()
    });
    let values =
        |table: &&Table| table.rows.iter().take(count).map(|row| row.nanos / nanos).collect();
    let groups = tables.iter().map(|table| (table.title.clone(), values(table)));
    Chart { title: title.to_owned(), series: series.collect(), groups: groups.collect(), unit }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scale {
    Linear,
    Logarithmic,
}

impl Chart {
    fn draw(&self, path: &Path, scale: Scale) -> Result<()> {
        let values = self.groups.iter().flat_map(|(_, values)| values.iter().copied());
        let most = values.fold(1.0, f64::max);
        match scale {
            Scale::Linear => self.draw_on(path, 0.0..most * 1.35, 0.0),
            Scale::Logarithmic => self.draw_on(path, (1.0..most * 20.0).log_scale(), 1.0),
        }
    }

    fn draw_on<Y>(&self, path: &Path, axis: Y, floor: f64) -> Result<()>
    where
        Y: AsRangedCoord<Value = f64>,
        Y::CoordDescType: ValueFormatter<f64>,
    {
        let area = SVGBackend::new(path, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let count = f64::from(u32::try_from(self.groups.len())?);
        let mut chart = ChartBuilder::on(&area)
            .caption(&self.title, ("sans-serif", 18))
            .margin(10)
            .x_label_area_size(30)
            .y_label_area_size(60)
            .build_cartesian_2d(0.0..count, axis)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .disable_x_axis()
            .light_line_style(TRANSPARENT)
            .y_desc(self.unit)
            .draw()?;

        let width = FILLED / f64::from(u32::try_from(self.series.len())?);
        for (index, name) in (0_u32..).zip(&self.series) {
            let colour = COLOURS.get(index as usize % COLOURS.len()).copied().unwrap_or(BLACK);
            let left = (1.0 - FILLED) / 2.0 + width * f64::from(index);
            let bars = (0_u32..).zip(&self.groups).filter_map(|(group, (_, values))| {
                let start = f64::from(group) + left;
                let value = *values.get(index as usize)?;
                let corners = [(start, floor), (start + width * 0.95, value)];
                Some(Rectangle::new(corners, colour.filled()))
            });
            chart.draw_series(bars)?.label(name).legend(move |(x, y)| {
                Rectangle::new([(x, y - 5), (x + 12, y + 5)], colour.filled())
            });
            let labels = (0_u32..).zip(&self.groups).filter_map(|(group, (_, values))| {
                let start = f64::from(group) + left;
                let value = *values.get(index as usize)?;
                let text = Text::new(written(value), (4, -14), ("sans-serif", 11));
                Some(EmptyElement::at((start, value)) + text)
            });
            chart.draw_series(labels)?;
        }
        self.name_groups(&area, count)?;
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.9))
            .border_style(BLACK.mix(0.3))
            .label_font(("sans-serif", 12))
            .draw()?;
        area.present()?;
        Ok(())
    }

    /// Writes the groups' names below the axis.
    fn name_groups(
        &self,
        area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
        count: f64,
    ) -> Result<()> {
        let (left, right) = (70.0, f64::from(SIZE.0) - 10.0);
        for (group, (name, _)) in (0_u32..).zip(&self.groups) {
            let middle = left + (right - left) * (f64::from(group) + 0.5) / count;
            let style = ("sans-serif", 11).into_text_style(area);
            let style = style.pos(plotters::style::text_anchor::Pos::new(
                plotters::style::text_anchor::HPos::Center,
                plotters::style::text_anchor::VPos::Top,
            ));
            #[expect(clippy::cast_possible_truncation, reason = "within the picture")]
            area.draw_text(name, &style, (middle as i32, SIZE.1.cast_signed() - 30))?;
        }
        Ok(())
    }
}

/// The value with as many digits as say something.
fn written(value: f64) -> String {
    match value {
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
