//! Compares pieces of work by the CPU time that they take, as ratios within one run.
//!
//! The contestants take turns, in an order that rotates, so that whatever slows the machine down
//! meets all of them. The result for each is the median, over the rounds, of its time divided by
//! the time of the first contestant in the same round.

pub mod by_hand;
#[cfg(feature = "aws")]
pub mod canned;
#[cfg(feature = "aws")]
pub mod delayed;
pub mod given;
pub mod records;

use std::time::Duration;

use cpu_time::ThreadTime;

/// The CPU time of one turn: long against the clock's resolution, short against a time slice.
const TURN: Duration = Duration::from_millis(2);
const ROUNDS: usize = 101;

/// A name and the work to repeat.
pub type Contestant<'a> = (&'a str, &'a mut dyn FnMut());

/// The result of one contestant.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// The median CPU time of one repetition, in nanoseconds.
    pub nanos: f64,
    /// The median of the ratios to the first contestant.
    pub ratio: f64,
}

/// Runs the contestants against each other, prints a line for each, and returns their outcomes in
/// the same order.
pub fn compare(title: &str, contestants: &mut [Contestant<'_>]) -> Vec<Outcome> {
    let repetitions: Vec<u32> = contestants.iter_mut().map(|(_, work)| calibrated(work)).collect();
    let mut times = vec![Vec::with_capacity(ROUNDS); contestants.len()];
    for round in 0..ROUNDS {
        for turn in 0..contestants.len() {
            let index = (turn + round) % contestants.len();
            let (Some((_, work)), Some(&times_of_work), Some(to)) =
                (contestants.get_mut(index), repetitions.get(index), times.get_mut(index))
            else {
                continue;
            };
            to.push(nanos(time(work, times_of_work)) / f64::from(times_of_work));
        }
    }

    println!("{title}");
    let first = times.first().cloned().unwrap_or_default();
    contestants
        .iter()
        .zip(times)
        .map(|((name, _), times)| {
            let ratios = times.iter().zip(&first).map(|(time, first)| time / first).collect();
            let outcome = Outcome { nanos: median(times), ratio: median(ratios) };
            println!("  {name:<44} {:>12.0} ns {:>8.2}", outcome.nanos, outcome.ratio);
            outcome
        })
        .collect()
}

/// Prints a ratio for other programs to read.
pub fn report(name: &str, ratio: f64) {
    println!("RATIO {name} {ratio:.3}");
}

/// The number of repetitions that fill a turn. Warms the work up, too.
fn calibrated(work: &mut dyn FnMut()) -> u32 {
    let mut repetitions = 1;
    while repetitions < 1 << 24 && time(work, repetitions) < TURN {
        repetitions *= 2;
    }
    repetitions
}

fn time(work: &mut dyn FnMut(), repetitions: u32) -> Duration {
    let start = ThreadTime::now();
    for _ in 0..repetitions {
        work();
    }
    start.elapsed()
}

fn nanos(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
