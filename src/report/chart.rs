//! The frame of a hand-made SVG chart: scales, ticks, axes. Colours are those of Okabe and Ito, safe for colour-blind eyes.

use std::fmt::Write as _;

use super::html::{escape, number};

pub(super) const BLUE: &str = "#0072B2";
pub(super) const ORANGE: &str = "#E69F00";
pub(super) const VERMILION: &str = "#D55E00";
pub(super) const GREY: &str = "#667078";

const LEFT: f64 = 62.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 46.0;

/// A rectangle of paper with two axes.
pub(super) struct Chart {
    width: f64,
    height: f64,
    x: (f64, f64),
    y: (f64, f64),
    body: String,
}

impl Chart {
    /// An empty chart of this size over these ranges; a range that is a point is widened, one that is not finite becomes 0 to 1.
    pub(super) fn new(width: f64, height: f64, x: (f64, f64), y: (f64, f64)) -> Self {
        Self { width, height, x: usable(x), y: usable(y), body: String::new() }
    }

    /// Position of a value along x, in pixels.
    pub(super) fn x(&self, value: f64) -> f64 {
        LEFT + (value - self.x.0) / (self.x.1 - self.x.0) * (self.width - LEFT - RIGHT)
    }

    /// Position of a value along y, in pixels from the top.
    pub(super) fn y(&self, value: f64) -> f64 {
        self.height - BOTTOM - (value - self.y.0) / (self.y.1 - self.y.0) * (self.height - TOP - BOTTOM)
    }

    /// Draws axes with ticks and titles.
    pub(super) fn axes(&mut self, x_title: &str, y_title: &str) {
        let (bottom, right) = (self.height - BOTTOM, self.width - RIGHT);
        for tick in ticks(self.x) {
            let at = self.x(tick);
            let _ = write!(
                self.body,
                "<path class=\"grid\" d=\"M{at:.1} {TOP}V{bottom}\"/><text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                bottom + 15.0,
                tick_label(tick)
            );
        }
        for tick in ticks(self.y) {
            let at = self.y(tick);
            let _ = write!(
                self.body,
                "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{right}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                at + 4.0,
                tick_label(tick)
            );
        }
        let _ = write!(self.body, "<path class=\"axis\" d=\"M{LEFT} {TOP}V{bottom}H{right}\"/>");
        let (middle, half) = ((LEFT + right) / 2.0, (TOP + bottom) / 2.0);
        let _ = write!(
            self.body,
            "<text class=\"title\" x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            self.height - 8.0,
            escape(x_title)
        );
        let _ = write!(
            self.body,
            "<text class=\"title\" transform=\"translate(14 {half:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            escape(y_title)
        );
    }

    /// A rectangle between two corners given as values.
    pub(super) fn bar(&mut self, from: (f64, f64), to: (f64, f64), fill: &str, opacity: f64) {
        let (left, right) = (self.x(from.0), self.x(to.0));
        let (bottom, top) = (self.y(from.1), self.y(to.1));
        let (width, height) = ((right - left).max(0.3), (bottom - top).max(0.0));
        let _ = write!(
            self.body,
            "<rect x=\"{left:.2}\" y=\"{top:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" fill=\"{fill}\" fill-opacity=\"{opacity:.2}\"/>"
        );
    }

    /// A dot.
    pub(super) fn dot(&mut self, x: f64, y: f64, radius: f64, fill: &str, opacity: f64) {
        if x.is_finite() && y.is_finite() {
            let _ = write!(
                self.body,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius}\" fill=\"{fill}\" fill-opacity=\"{opacity}\"/>",
                self.x(x),
                self.y(y)
            );
        }
    }

    /// A diamond: a second shape, so that two groups differ without colour.
    pub(super) fn diamond(&mut self, x: f64, y: f64, fill: &str) {
        if x.is_finite() && y.is_finite() {
            let (x, y) = (self.x(x), self.y(y));
            let _ = write!(self.body, "<path d=\"M{x:.1} {:.1}l3.4 3.4-3.4 3.4-3.4-3.4z\" fill=\"{fill}\"/>", y - 3.4);
        }
    }

    /// A tick under the x axis.
    pub(super) fn mark(&mut self, value: f64, colour: &str) {
        if value.is_finite() {
            let _ = write!(
                self.body,
                "<path d=\"M{:.1} {:.1}v6\" stroke=\"{colour}\" stroke-width=\"1.4\"/>",
                self.x(value),
                self.height - BOTTOM + 1.0
            );
        }
    }

    /// A line through points given as values.
    pub(super) fn line(&mut self, points: &[(f64, f64)], colour: &str, dashed: bool) {
        let mut path = String::new();
        for (i, &(x, y)) in points.iter().filter(|p| p.0.is_finite() && p.1.is_finite()).enumerate() {
            let _ = write!(path, "{}{:.1} {:.1}", if i == 0 { 'M' } else { 'L' }, self.x(x), self.y(y));
        }
        let dash = if dashed { " stroke-dasharray=\"5 4\"" } else { "" };
        let _ = write!(self.body, "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"{dash}/>");
    }

    /// The finished picture; `title` is its text for those who cannot see it.
    pub(super) fn finish(self, title: &str) -> String {
        format!(
            "<svg viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\"><title>{t}</title>{b}</svg>\n",
            w = self.width,
            h = self.height,
            t = escape(title),
            b = self.body
        )
    }
}

fn usable((low, high): (f64, f64)) -> (f64, f64) {
    let span = high - low;
    if !span.is_finite() || span < 0.0 {
        return (0.0, 1.0);
    }
    if span <= low.abs().max(high.abs()) * 1e-9 {
        let pad = if low == 0.0 { 1.0 } else { low.abs() * 0.05 };
        return (low - pad, high + pad);
    }
    (low, high)
}

/// About five round numbers within the range.
fn ticks((low, high): (f64, f64)) -> Vec<f64> {
    let raw = (high - low) / 5.0;
    let magnitude = libm::pow(10.0, libm::log10(raw).floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * magnitude).find(|&s| s >= raw).unwrap_or(raw);
    let first = (low / step).ceil();
    (0..12).map(|i| (first + f64::from(i)) * step).take_while(|&tick| tick <= high + step * 1e-9).collect()
}

/// A tick's number in plain SVG text: no markup, few digits.
fn tick_label(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-3..1e5).contains(&size) {
        let text = format!("{value:.1e}").replace(".0e", "e");
        return text.replace('-', "−");
    }
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.replace('-', "−") }
}

/// A number for the text of a picture.
pub(super) fn plain(value: f64) -> String {
    number(value).replace("<sup>", "^").replace("</sup>", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks((0.0, 1.0)), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(tick_label(0.6000000000000001), "0.6");
        assert_eq!(ticks((-3.0, 7.0)), [-2.0, 0.0, 2.0, 4.0, 6.0]);
    }

    #[test]
    fn hostile_ranges_do_not_break_a_chart() {
        for range in [(f64::NAN, 1.0), (1.0, 0.0), (f64::NEG_INFINITY, f64::INFINITY), (5.0, 5.0), (0.0, 0.0)] {
            let mut chart = Chart::new(300.0, 200.0, range, range);
            chart.axes("x", "y");
            assert!(!chart.finish("t").contains("NaN"), "{range:?}");
        }
    }
}
