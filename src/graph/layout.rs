//! Where boxes and arrows go: a layered layout after Sugiyama, Tagawa and Toda.
//!
//! ```text
//! ranks ─▶ one dummy per layer that an arrow passes ─▶ few crossings ─▶ positions ─▶ routes
//! ```
//!
//! Each connected part is laid out on its own, and the parts are packed in rows. Arrows of one
//! bundle (a population that forks) share their way as far as it goes. Boxes know their sizes, an
//! arrow's label is a box on its way, so nothing that is drawn overlaps by construction. All input
//! orders are kept, and no hash decides anything, so equal graphs give equal pictures.

/// The way of the arrows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From left to right.
    Right,
    /// From the top to the bottom.
    Down,
}

/// A width and a height.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Size {
    /// From left to right.
    pub width: f64,
    /// From the top to the bottom.
    pub height: f64,
}

/// A place, from the top left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// An arrow between two boxes, by their numbers. There are no circles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// Its start.
    pub from: usize,
    /// Its end.
    pub to: usize,
    /// Arrows of one start and one bundle share their way.
    pub bundle: usize,
}

/// A laid out graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Of everything.
    pub size: Size,
    /// The top left corner of each box.
    pub boxes: Vec<Point>,
    /// The way of each arrow: pairs of points, each pair a straight piece, joined by curves.
    pub routes: Vec<Vec<(Point, Point)>>,
}

/// Between two layers.
const LAYER_GAP: f64 = 44.0;
/// Between two boxes of a layer.
const BOX_GAP: f64 = 18.0;
/// Between an arrow that passes and its neighbours.
const PASS_GAP: f64 = 12.0;
/// Between two connected parts.
const PART_GAP: f64 = 36.0;
/// Parts are packed into rows of this width; a wider one has a row of its own.
const ROW: f64 = 1240.0;
/// How often layers are put in order, and boxes moved.
const SWEEPS: usize = 16;

/// Lays out boxes of these sizes.
pub fn layout(sizes: &[Size], arrows: &[Arrow], direction: Direction) -> Layout {
    let mut whole = Layout {
        size: Size::default(),
        boxes: vec![Point::default(); sizes.len()],
        routes: vec![Vec::new(); arrows.len()],
    };
    let parts: Vec<Part> = parts(sizes, arrows)
        .into_iter()
        .map(|(boxes, within)| Part::new(sizes, arrows, boxes, within, direction))
        .collect();
    let (mut x, mut y, mut height) = (0.0_f64, 0.0_f64, 0.0_f64);
    for part in &parts {
        let size = part.size(direction);
        if x > 0.0 && x + size.width > ROW {
            (x, y, height) = (0.0, y + height + PART_GAP, 0.0);
        }
        part.place(&mut whole, direction, Point { x, y });
        whole.size.width = whole.size.width.max(x + size.width);
        x += size.width + PART_GAP;
        height = height.max(size.height);
        whole.size.height = y + height;
    }
    whole
}

/// The direction in which a graph needs less of a screen.
pub fn layout_to_fit(sizes: &[Size], arrows: &[Arrow]) -> (Layout, Direction) {
    let right = layout(sizes, arrows, Direction::Right);
    let down = layout(sizes, arrows, Direction::Down);
    // Down a page is scrolled more easily than sideways.
    let excess = |l: &Layout| (l.size.width / 1400.0).max(l.size.height / 2200.0).max(1.0);
    if excess(&right) <= excess(&down) {
        (right, Direction::Right)
    } else {
        (down, Direction::Down)
    }
}

/// The connected parts: their boxes and their arrows, in the order of the first box.
fn parts(sizes: &[Size], arrows: &[Arrow]) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut part: Vec<usize> = (0..sizes.len()).collect();
    fn root(part: &[usize], mut at: usize) -> usize {
        while part[at] != at {
            at = part[at];
        }
        at
    }
    for arrow in arrows {
        let (a, b) = (root(&part, arrow.from), root(&part, arrow.to));
        part[a.max(b)] = a.min(b);
    }
    let mut found: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
    let mut number: Vec<Option<usize>> = vec![None; sizes.len()];
    for at in 0..sizes.len() {
        let root = root(&part, at);
        let n = *number[root].get_or_insert_with(|| {
            found.push((Vec::new(), Vec::new()));
            found.len() - 1
        });
        found[n].0.push(at);
    }
    for (index, arrow) in arrows.iter().enumerate() {
        if let Some(n) = number[root(&part, arrow.from)] {
            found[n].1.push(index);
        }
    }
    found
}

/// A box, or the place where an arrow passes a layer. `along` is the way of the arrows, `across` is
/// the other one.
#[derive(Clone, Debug)]
struct Slot {
    rank: usize,
    along: f64,
    across: f64,
    /// Its middle.
    at: f64,
    passes: bool,
}

/// A connected part.
struct Part {
    boxes: Vec<usize>,
    /// The boxes first, then the passes.
    slots: Vec<Slot>,
    /// The numbers of the slots of each layer, in order.
    layers: Vec<Vec<usize>>,
    /// Slot to slot, one layer on.
    hops: Vec<(usize, usize)>,
    /// Each arrow: its number, and the slots on its way.
    ways: Vec<(usize, Vec<usize>)>,
    /// Where each layer begins and ends, along.
    bands: Vec<(f64, f64)>,
}

impl Slot {
    /// Its upper edge, across; a whole pixel.
    fn start(&self) -> f64 {
        self.at - (self.across / 2.0).floor()
    }
}

impl Part {
    fn new(
        sizes: &[Size],
        arrows: &[Arrow],
        boxes: Vec<usize>,
        within: Vec<usize>,
        direction: Direction,
    ) -> Part {
        let own = |global: usize| boxes.binary_search(&global).unwrap_or_default();
        let edges: Vec<(usize, usize)> =
            within.iter().map(|&a| (own(arrows[a].from), own(arrows[a].to))).collect();
        let ranks = ranks(boxes.len(), &edges);
        let slots = boxes.iter().zip(&ranks).map(|(&b, &rank)| {
            let Size { width, height } = sizes[b];
            let (along, across) = match direction {
                Direction::Right => (width, height),
                Direction::Down => (height, width),
            };
            Slot { rank, along, across, at: 0.0, passes: false }
        });
        let slots: Vec<Slot> = slots.collect();
        let layers = vec![Vec::new(); ranks.iter().max().map_or(0, |r| r + 1)];
        let mut part =
            Part { boxes, slots, layers, hops: Vec::new(), ways: Vec::new(), bands: Vec::new() };
        part.lay_ways(arrows, &within, &edges);
        part.order();
        part.position();
        part
    }

    /// Gives each arrow a slot in every layer that it passes; arrows of a bundle share them.
    fn lay_ways(&mut self, arrows: &[Arrow], within: &[usize], edges: &[(usize, usize)]) {
        let mut trunks: Vec<((usize, usize), Vec<usize>)> = Vec::new();
        for (&index, &(from, to)) in within.iter().zip(edges) {
            let key = (from, arrows[index].bundle);
            let trunk = match trunks.iter().position(|(k, _)| *k == key) {
                Some(known) => known,
                None => {
                    trunks.push((key, vec![from]));
                    trunks.len() - 1
                }
            };
            let trunk = &mut trunks[trunk].1;
            let between = self.slots[to].rank - self.slots[from].rank - 1;
            while trunk.len() <= between {
                let last = trunk[trunk.len() - 1];
                let rank = self.slots[last].rank + 1;
                let pass = Slot { rank, along: 0.0, across: 0.0, at: 0.0, passes: true };
                self.hops.push((last, self.slots.len()));
                trunk.push(self.slots.len());
                self.slots.push(pass);
            }
            let mut way = trunk[..=between].to_vec();
            self.hops.push((way[between], to));
            way.push(to);
            self.ways.push((index, way));
        }
    }

    fn neighbours(&self) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
        let mut before = vec![Vec::new(); self.slots.len()];
        let mut after = vec![Vec::new(); self.slots.len()];
        for &(a, b) in &self.hops {
            before[b].push(a);
            after[a].push(b);
        }
        (before, after)
    }

    /// Orders the slots of each layer so that few hops cross.
    fn order(&mut self) {
        let (before, after) = self.neighbours();
        // At first as a walk from the first box on finds them: close to the text, and trees do not
        // cross.
        let mut seen = vec![false; self.slots.len()];
        let starts: Vec<usize> = (0..self.slots.len()).filter(|&s| before[s].is_empty()).collect();
        for start in starts {
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                if !std::mem::replace(&mut seen[at], true) {
                    self.layers[self.slots[at].rank].push(at);
                    open.extend(after[at].iter().rev());
                }
            }
        }
        let mut place = vec![0; self.slots.len()];
        let settle = |layers: &[Vec<usize>], place: &mut Vec<usize>| {
            for layer in layers {
                for (n, &slot) in layer.iter().enumerate() {
                    place[slot] = n;
                }
            }
        };
        settle(&self.layers, &mut place);
        let mut best = self.layers.clone();
        let mut fewest = crossings(&best, &after, &place);
        for sweep in 0..SWEEPS {
            if fewest == 0 {
                break;
            }
            let count = self.layers.len();
            for step in 1..count {
                let (layer, near) = match sweep % 2 {
                    0 => (step, &before),
                    _ => (count - 1 - step, &after),
                };
                let mean = |slot: &usize| {
                    let near = &near[*slot];
                    match near.len() {
                        0 => place[*slot] as f64,
                        n => near.iter().map(|&s| place[s] as f64).sum::<f64>() / n as f64,
                    }
                };
                let mut keyed: Vec<(f64, usize)> =
                    self.layers[layer].iter().map(|s| (mean(s), *s)).collect();
                keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
                self.layers[layer] = keyed.into_iter().map(|(_, slot)| slot).collect();
                for (n, &slot) in self.layers[layer].iter().enumerate() {
                    place[slot] = n;
                }
            }
            swap_neighbours(&mut self.layers, &before, &after, &mut place);
            let found = crossings(&self.layers, &after, &place);
            if found < fewest {
                fewest = found;
                best.clone_from(&self.layers);
            }
        }
        self.layers = best;
    }

    /// Moves the slots of each layer, in their order, to where their neighbours are.
    fn position(&mut self) {
        let (before, after) = self.neighbours();
        for layer in &self.layers {
            let mut at = 0.0;
            for (n, &slot) in layer.iter().enumerate() {
                if n > 0 {
                    at += self.gap(layer[n - 1], slot);
                }
                self.slots[slot].at = at;
            }
        }
        let count = self.layers.len();
        for sweep in 0..SWEEPS * 4 {
            // The last sweeps look both ways.
            let both = sweep >= SWEEPS;
            for step in 0..count {
                let layer = if sweep % 2 == 0 { step } else { count - 1 - step };
                self.relax(layer, &before, &after, both, sweep % 2 == 0);
            }
        }
        let edge = self.slots.iter().map(|s| s.at - s.across / 2.0).fold(f64::MAX, f64::min);
        // Whole pixels: sharp lines, and the same text on every machine.
        // The first box may stand a hair before the edge, and half a pixel is not to be cut off.
        let inside = |s: &Slot| (s.at - edge).round().max((s.across / 2.0).round());
        self.slots.iter_mut().for_each(|s| s.at = inside(s));
        let mut start = 0.0;
        for layer in &self.layers {
            let width = layer.iter().map(|&s| self.slots[s].along).fold(0.0, f64::max);
            self.bands.push((start, start + width));
            start += width + LAYER_GAP;
        }
    }

    /// Between the middles of two neighbours of a layer.
    fn gap(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (&self.slots[a], &self.slots[b]);
        let gap = if a.passes || b.passes { PASS_GAP } else { BOX_GAP };
        (a.across + b.across) / 2.0 + gap
    }

    /// The positions of a layer that are nearest to the means of their neighbours, in the sense of
    /// least squares, with enough room between them (pool adjacent violators).
    fn relax(
        &mut self,
        layer: usize,
        before: &[Vec<usize>],
        after: &[Vec<usize>],
        both: bool,
        forward: bool,
    ) {
        struct Block {
            weight: f64,
            sum: f64,
            from: usize,
        }
        let layer = &self.layers[layer];
        let mut offsets = Vec::with_capacity(layer.len());
        let mut offset = 0.0;
        let mut blocks: Vec<Block> = Vec::new();
        for (n, &slot) in layer.iter().enumerate() {
            if n > 0 {
                offset += self.gap(layer[n - 1], slot);
            }
            offsets.push(offset);
            let near: Vec<usize> = match (both, forward) {
                (true, _) => before[slot].iter().chain(&after[slot]).copied().collect(),
                (false, true) => before[slot].clone(),
                (false, false) => after[slot].clone(),
            };
            // A long arrow that goes straight is worth more than a box in its best place.
            let pull = |other: usize| match (self.slots[slot].passes, self.slots[other].passes) {
                (true, true) => 8.0,
                (false, false) => 1.0,
                _ => 2.0,
            };
            let weight: f64 = near.iter().map(|&s| pull(s)).sum();
            let (weight, want) = if near.is_empty() {
                (0.1, self.slots[slot].at)
            } else {
                let sum: f64 = near.iter().map(|&s| pull(s) * self.slots[s].at).sum();
                (weight, sum / weight)
            };
            let mut block = Block { weight, sum: weight * (want - offset), from: n };
            while let Some(last) =
                blocks.pop_if(|last| last.sum / last.weight > block.sum / block.weight)
            {
                block = Block {
                    weight: last.weight + block.weight,
                    sum: last.sum + block.sum,
                    from: last.from,
                };
            }
            blocks.push(block);
        }
        let layer = layer.clone();
        let ends = blocks.iter().skip(1).map(|b| b.from).chain([layer.len()]);
        for (block, end) in blocks.iter().zip(ends) {
            for n in block.from..end {
                self.slots[layer[n]].at = block.sum / block.weight + offsets[n];
            }
        }
    }

    fn size(&self, direction: Direction) -> Size {
        let along = self.bands.last().map_or(0.0, |b| b.1);
        let across = self.slots.iter().map(|s| s.start() + s.across).fold(0.0, f64::max);
        match direction {
            Direction::Right => Size { width: along, height: across },
            Direction::Down => Size { width: across, height: along },
        }
    }

    /// Puts the part at its place in the whole.
    fn place(&self, whole: &mut Layout, direction: Direction, corner: Point) {
        let point = |along: f64, across: f64| match direction {
            Direction::Right => Point { x: corner.x + along, y: corner.y + across },
            Direction::Down => Point { x: corner.x + across, y: corner.y + along },
        };
        for (&global, slot) in self.boxes.iter().zip(&self.slots) {
            let (start, end) = self.bands[slot.rank];
            let along = start + ((end - start - slot.along) / 2.0).round();
            whole.boxes[global] = point(along, slot.start());
        }
        let (outgoing, incoming) = self.ports();
        for (index, way) in &self.ways {
            let mut route = Vec::new();
            for (n, &slot) in way.iter().enumerate() {
                let Slot { rank, along, at, .. } = self.slots[slot];
                let (start, end) = self.bands[rank];
                let half = ((end - start - along) / 2.0).round();
                // A straight piece to the edge of the layer: no curve comes near a wider neighbour.
                let piece = if n == 0 {
                    let at = at + outgoing[slot].offset(way[1]);
                    (point(start + half + along, at), point(end, at))
                } else if n + 1 == way.len() {
                    let at = at + incoming[slot].offset(way[n - 1]);
                    (point(start, at), point(start + half, at))
                } else {
                    (point(start, at), point(end, at))
                };
                route.push(piece);
            }
            whole.routes[*index] = route;
        }
    }

    /// Where hops leave and reach each box: spread over its side in the order of their other ends.
    fn ports(&self) -> (Vec<Ports>, Vec<Ports>) {
        let (before, after) = self.neighbours();
        let ports = |near: &[Vec<usize>]| {
            near.iter()
                .zip(&self.slots)
                .map(|(near, slot)| {
                    let mut others = near.clone();
                    others.sort_unstable();
                    others.dedup();
                    others.sort_by(|a, b| self.slots[*a].at.total_cmp(&self.slots[*b].at));
                    let room = (slot.across - 10.0).max(0.0);
                    let apart = (room / others.len().max(1) as f64).min(14.0);
                    Ports { others, apart }
                })
                .collect()
        };
        (ports(&after), ports(&before))
    }
}

/// The places on a side of a box.
struct Ports {
    others: Vec<usize>,
    apart: f64,
}

impl Ports {
    /// From the middle to the place of the hop from or to this slot.
    fn offset(&self, other: usize) -> f64 {
        let n = self.others.iter().position(|&o| o == other).unwrap_or_default();
        let middle = (self.others.len().max(1) - 1) as f64 / 2.0;
        ((n as f64 - middle) * self.apart).round()
    }
}

/// The layer of each box: one after all it follows; what nothing comes before, close to what it
/// leads to.
fn ranks(boxes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut after = vec![Vec::new(); boxes];
    let mut open = vec![0; boxes];
    for &(from, to) in edges {
        after[from].push(to);
        open[to] += 1;
    }
    let incoming = open.clone();
    let mut ranks = vec![0; boxes];
    let mut order: Vec<usize> = (0..boxes).filter(|&b| open[b] == 0).collect();
    let mut next = 0;
    while let Some(&at) = order.get(next) {
        next += 1;
        for &to in &after[at] {
            ranks[to] = ranks[to].max(ranks[at] + 1);
            open[to] -= 1;
            if open[to] == 0 {
                order.push(to);
            }
        }
    }
    // How far a box could move with all that only it leads to; nothing: as far as one likes.
    let mut slack: Vec<Option<usize>> = vec![None; boxes];
    for &at in order.iter().rev() {
        let room = after[at].iter().filter_map(|&to| {
            let gap = ranks[to] - ranks[at] - 1;
            match incoming[to] {
                1 => slack[to].map(|s| s + gap),
                _ => Some(gap),
            }
        });
        slack[at] = room.min();
    }
    for start in (0..boxes).filter(|&b| incoming[b] == 0) {
        let Some(shift) = slack[start].filter(|&s| s > 0) else { continue };
        let mut moved = vec![start];
        while let Some(at) = moved.pop() {
            ranks[at] += shift;
            moved.extend(after[at].iter().filter(|&&to| incoming[to] == 1));
        }
    }
    ranks
}

/// How many hops cross.
fn crossings(layers: &[Vec<usize>], after: &[Vec<usize>], place: &[usize]) -> usize {
    let mut all = 0;
    for (n, layer) in layers.iter().enumerate() {
        let width = layers.get(n + 1).map_or(0, Vec::len);
        // A Fenwick tree of the ends so far: how many lie behind this one.
        let mut tree = vec![0_usize; width + 1];
        let mut ends = 0;
        for &slot in layer {
            let mut to: Vec<usize> = after[slot].iter().map(|&s| place[s]).collect();
            to.sort_unstable();
            for &end in &to {
                let (mut at, mut up_to) = (end + 1, 0);
                while at > 0 {
                    up_to += tree[at];
                    at &= at - 1;
                }
                all += ends - up_to;
            }
            for &end in &to {
                let mut at = end + 1;
                while at <= width {
                    tree[at] += 1;
                    at += at & at.wrapping_neg();
                }
                ends += 1;
            }
        }
    }
    all
}

/// Swaps neighbours of a layer where that saves crossings.
fn swap_neighbours(
    layers: &mut [Vec<usize>],
    before: &[Vec<usize>],
    after: &[Vec<usize>],
    place: &mut [usize],
) {
    // Of hops from a and b, those that cross when a stands before b.
    let crossed = |place: &[usize], a: &[usize], b: &[usize]| {
        let pairs = a.iter().flat_map(|x| b.iter().map(move |y| (place[*x], place[*y])));
        pairs.filter(|(x, y)| x > y).count()
    };
    for layer in layers {
        for n in 1..layer.len() {
            let (a, b) = (layer[n - 1], layer[n]);
            let now = crossed(place, &before[a], &before[b]) + crossed(place, &after[a], &after[b]);
            let then =
                crossed(place, &before[b], &before[a]) + crossed(place, &after[b], &after[a]);
            if then < now {
                layer.swap(n - 1, n);
                (place[a], place[b]) = (n, n - 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Size = Size { width: 100.0, height: 40.0 };

    fn arrows(pairs: &[(usize, usize)]) -> Vec<Arrow> {
        pairs.iter().map(|&(from, to)| Arrow { from, to, bundle: 0 }).collect()
    }

    #[test]
    fn a_chain_goes_straight_in_both_directions() {
        let chain = arrows(&[(0, 1), (1, 2)]);
        let right = layout(&[BOX; 3], &chain, Direction::Right);
        // Three boxes of 100 with two gaps between them.
        assert_eq!(right.size, Size { width: 300.0 + 2.0 * LAYER_GAP, height: 40.0 });
        assert!(right.boxes.iter().all(|p| p.y == 0.0), "{right:?}");
        let down = layout(&[BOX; 3], &chain, Direction::Down);
        assert_eq!(down.size, Size { width: 100.0, height: 120.0 + 2.0 * LAYER_GAP });
    }

    #[test]
    fn a_source_stands_before_what_it_leads_to_and_not_at_the_far_left() {
        // 0 ─ 1 ─ 2 ─ 3, and 4 ─ 5 ─ 3: the second way is shorter and begins later.
        let found = ranks(6, &[(0, 1), (1, 2), (2, 3), (4, 5), (5, 3)]);
        assert_eq!(found, [0, 1, 2, 3, 1, 2]);
    }

    #[test]
    fn a_bundle_shares_its_way() {
        // 0 leads to 1 (next), and past it to 2 and 3, both two layers on.
        let graph = arrows(&[(0, 1), (1, 2), (1, 3), (0, 2), (0, 3)]);
        let found = layout(&[BOX; 4], &graph, Direction::Right);
        // Both pass the layer of box 1 at one place.
        assert_eq!(found.routes[3].len(), 3);
        assert_eq!(found.routes[3][1], found.routes[4][1]);
    }

    #[test]
    fn crossings_are_counted_as_by_hand() {
        // Two to two, both crossed: 1; a complete bipartite graph of 3 and 3: 9.
        let after = vec![vec![3], vec![2], vec![], vec![]];
        assert_eq!(crossings(&[vec![0, 1], vec![2, 3]], &after, &[0, 1, 0, 1]), 1);
        let all = vec![3, 4, 5];
        let after = vec![all.clone(), all.clone(), all, vec![], vec![], vec![]];
        assert_eq!(crossings(&[vec![0, 1, 2], vec![3, 4, 5]], &after, &[0, 1, 2, 0, 1, 2]), 9);
    }

    #[test]
    fn crossed_ways_are_untangled() {
        // Written in the worst order: 0 → 5, 1 → 4, 2 → 3, held together by a start and an end.
        let graph =
            arrows(&[(6, 0), (6, 1), (6, 2), (0, 5), (1, 4), (2, 3), (3, 7), (4, 7), (5, 7)]);
        let found = layout(&[BOX; 8], &graph, Direction::Right);
        for (from, to) in [(0, 5), (1, 4), (2, 3)] {
            assert_eq!(found.boxes[from].y, found.boxes[to].y, "{found:?}");
        }
    }

    /// Any graph without circles: arrows lead from lower to higher numbers.
    #[test]
    fn a_box_of_uneven_width_at_the_edge_is_not_cut_off() {
        let sizes = [20.0, 87.0, 20.0].map(|width| Size { width, height: 20.0 });
        let pairs = [(0, 1, 0), (0, 2, 1), (0, 1, 0), (1, 2, 2), (0, 2, 1), (0, 1, 2), (0, 2, 2)];
        let arrows = pairs.map(|(from, to, bundle)| Arrow { from, to, bundle });
        for direction in [Direction::Right, Direction::Down] {
            let found = layout(&sizes, &arrows, direction);
            assert!(found.boxes.iter().all(|p| p.x >= 0.0 && p.y >= 0.0), "{:?}", found.boxes);
        }
    }

    fn graphs() -> impl proptest::strategy::Strategy<Value = (Vec<Size>, Vec<Arrow>)> {
        use proptest::prelude::*;
        (2_usize..24).prop_flat_map(|boxes| {
            let size = (20_u32..200, 20_u32..80);
            let sizes = proptest::collection::vec(size, boxes);
            let pair = (0..boxes - 1, 1..boxes, 0_usize..3);
            (sizes, proptest::collection::vec(pair, 0..40)).prop_map(|(sizes, pairs)| {
                let sizes = sizes
                    .into_iter()
                    .map(|(w, h)| Size { width: f64::from(w), height: f64::from(h) });
                let arrows = pairs.into_iter().filter(|(a, b, _)| a < b);
                let arrows = arrows.map(|(from, to, bundle)| Arrow { from, to, bundle });
                (sizes.collect(), arrows.collect())
            })
        })
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig {
            cases: 64,
            failure_persistence: None,
            ..proptest::prelude::ProptestConfig::default()
        })]

        #[test]
        fn no_two_boxes_overlap_no_arrow_passes_through_a_box_and_all_is_inside((sizes, arrows) in graphs()) {
            for direction in [Direction::Right, Direction::Down] {
                let found = layout(&sizes, &arrows, direction);
                let boxes: Vec<(Point, Size)> =
                    found.boxes.iter().copied().zip(sizes.iter().copied()).collect();
                for (n, (p, s)) in boxes.iter().enumerate() {
                    proptest::prop_assert!(p.x >= 0.0 && p.y >= 0.0);
                    proptest::prop_assert!(p.x + s.width <= found.size.width + 1.0);
                    proptest::prop_assert!(p.y + s.height <= found.size.height + 1.0);
                    for (q, t) in &boxes[n + 1..] {
                        let apart = p.x + s.width <= q.x || q.x + t.width <= p.x
                            || p.y + s.height <= q.y || q.y + t.height <= p.y;
                        proptest::prop_assert!(apart, "{p:?} {s:?} and {q:?} {t:?}");
                    }
                }
                for route in &found.routes {
                    let inner = route.iter().skip(1).take(route.len().saturating_sub(2));
                    for (from, to) in inner {
                        for (p, s) in &boxes {
                            let clear = to.x <= p.x || p.x + s.width <= from.x
                                || to.y <= p.y || p.y + s.height <= from.y;
                            proptest::prop_assert!(clear, "{from:?} {to:?} through {p:?} {s:?}");
                        }
                    }
                }
                proptest::prop_assert_eq!(&found, &layout(&sizes, &arrows, direction));
            }
        }
    }
}
