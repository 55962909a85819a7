//! A chart of lines as SVG: small, readable in light and dark, by colour and by dashes, and with what it shows in words.

use std::fmt::Write as _;

/// Where the lines are, in the picture's own units.
const LEFT: u64 = 70;
const TOP: u64 = 24;
const WIDTH: u64 = 620;
const HEIGHT: u64 = 260;
/// Between two rows of the legend.
const ROW: u64 = 22;

/// No two lines differ by colour alone.
const DASHES: [&str; 5] = ["none", "12 4", "4 4", "12 4 2 4", "2 3"];

const STYLE: &str = "text{font:13px sans-serif;fill:#24292f}.page{fill:#fff}.grid{stroke:#d0d7de}.line{fill:none;stroke-width:2}\
                     .c0{stroke:#0b5cad}.c1{stroke:#a13d00}.c2{stroke:#1a6b31}.c3{stroke:#7a2fd0}.c4{stroke:#57606a}\
                     @media(prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}.grid{stroke:#30363d}\
                     .c0{stroke:#6cb6ff}.c1{stroke:#f69d50}.c2{stroke:#6bc46d}.c3{stroke:#c297ff}.c4{stroke:#adbac7}}";

/// What is along one side.
pub(crate) struct Axis {
    pub(crate) name: &'static str,
    pub(crate) max: u64,
    /// Between two numbers.
    pub(crate) step: u64,
}

/// A line, and what the legend says of it.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(u64, u64)>,
}

pub(crate) struct Chart {
    pub(crate) title: &'static str,
    /// What is to be seen, for those who do not see it.
    pub(crate) description: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) lines: Vec<Line>,
}

impl Chart {
    pub(crate) fn svg(&self) -> String {
        assert!(self.lines.len() <= DASHES.len(), "each line has its dashes");
        let bottom = TOP + HEIGHT;
        let rows = u64::try_from(self.lines.len()).unwrap();
        let (width, height) = (LEFT + WIDTH + 30, bottom + 60 + rows * ROW);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-labelledby=\"title description\">\n<title id=\"title\">{}</title>\n\
             <desc id=\"description\">{}</desc>\n<style>{STYLE}</style>\n\
             <rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n",
            escaped(self.title),
            escaped(&self.description),
        );
        self.grid(&mut svg);
        for (at, line) in self.lines.iter().enumerate() {
            let points: Vec<String> = line
                .points
                .iter()
                .map(|(x, y)| format!("{},{}", self.right_of(*x), self.above(*y)))
                .collect();
            Self::stroke(&mut svg, at, &points.join(" "));
            let middle = bottom + 64 + u64::try_from(at).unwrap() * ROW;
            let sample = format!("{LEFT},{middle} {},{middle}", LEFT + 60);
            Self::stroke(&mut svg, at, &sample);
            text(&mut svg, LEFT + 72, middle + 4, "start", &line.name);
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn grid(&self, svg: &mut String) {
        let (right, bottom) = (LEFT + WIDTH, TOP + HEIGHT);
        for number in (0..=self.x.max / self.x.step).map(|it| it * self.x.step) {
            let x = self.right_of(number);
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{x} {TOP}V{bottom}\"/>");
            text(svg, x, bottom + 18, "middle", &number.to_string());
        }
        for number in (0..=self.y.max / self.y.step).map(|it| it * self.y.step) {
            let y = self.above(number);
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{LEFT} {y}H{right}\"/>");
            text(svg, LEFT - 8, y + 4, "end", &number.to_string());
        }
        text(svg, LEFT, 15, "start", self.y.name);
        text(svg, right, bottom + 38, "end", self.x.name);
    }

    fn stroke(svg: &mut String, at: usize, points: &str) {
        let dashes = DASHES[at];
        let _ = writeln!(
            svg,
            "<polyline class=\"line c{at}\" stroke-dasharray=\"{dashes}\" points=\"{points}\"/>"
        );
    }

    fn right_of(&self, x: u64) -> u64 {
        assert!(x <= self.x.max, "{x} is beyond the {}", self.x.name);
        LEFT + x * WIDTH / self.x.max
    }

    fn above(&self, y: u64) -> u64 {
        assert!(y <= self.y.max, "{y} is beyond the {}", self.y.name);
        TOP + HEIGHT - y * HEIGHT / self.y.max
    }
}

fn text(svg: &mut String, x: u64, y: u64, anchor: &str, words: &str) {
    let words = escaped(words);
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{words}</text>"
    );
}

fn escaped(words: &str) -> String {
    words
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
