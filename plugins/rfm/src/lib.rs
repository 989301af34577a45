//! `rfm`: scores recency, frequency and monetary value.

use camp_plugin::pick::quotient;
use camp_plugin::prelude::*;

params! {
    /// What a call of `rfm` gives.
    pub struct Rfm {
        /// When it happened: `orders.ordered_at`. The last one is the recency, their number the frequency.
        date: Reduced [required, accepts(["time"]), functions(["max", "count"])],
        /// What it brought: `orders.amount`. Their sum is the monetary value.
        amount: Reduced [required, accepts(["number"]), functions(["sum"])],
        /// Scores go from 1 to this.
        bins: u64 [default(5), min(2), max(100)],
    }
}

impl Planner for Rfm {
    fn about() -> About {
        let scores = ["recency", "frequency", "monetary"].map(|name| (name, "int", true));
        About::new("rfm", "Scores recency, frequency and monetary value")
            .doc(
                "A score says how many people are below: with five bins, 5 means that at least four fifths of \
                 those who have a score are below, 1 that fewer than one fifth are. Equal values have equal scores, \
                 so bins need not be equally large. Who never did anything has no score.",
            )
            .input(Input::new("in", "the people to score"))
            .output(
                Output::new("scored", "all of them, with `recency`, `frequency` and `monetary`")
                    .adding("in", scores),
            )
            .example(
                Example::new(
                    "Champions",
                    "use rfm\n\
                     dimension people = \"people.csv\" key id columns (id: int)\n\
                     dimension orders = \"orders.csv\" key nr\n\
                     \x20 columns (nr: int, person: int, day: date, amount: decimal)\n\
                     link people.orders, orders.person_of on people.id = orders.person\n\
                     all = build audience from people\n\
                     scored = rfm all with date: orders.day, amount: orders.amount, bins: 2\n\
                     best = build audience from scored where recency = 2 and monetary = 2\n\
                     save audience best as \"Champions\"\n",
                )
                .file("people.csv", "id\n1\n2\n3\n")
                .file(
                    "orders.csv",
                    "nr,person,day,amount\n1,1,2026-01-01,10\n2,2,2026-05-01,5\n3,2,2026-06-01,20\n",
                )
                .expect("scored", "id,recency,frequency,monetary\n1,1,1,1\n2,2,2,2\n3,,,\n")
                .expect("best", "id\n2\n"),
            )
    }

    fn plan(&self, cx: &Cx) -> Result<Plan> {
        let rows = cx.input("in")?;
        let (recency, frequency) = (self.date.get("max")?, self.date.get("count")?);
        let monetary = self.amount.get("sum")?;
        let active = sql!("CASE WHEN {} > 0 THEN 1 ELSE 0 END", frequency);
        let below =
            |value: &Sql| sql!("rank() OVER (PARTITION BY {} ORDER BY {}) - 1", active, value);
        let scores = [
            ("recency", sql!("{}", recency.ascending())),
            ("frequency", sql!("{}", frequency.ascending())),
            ("monetary", sql!("{}", monetary.ascending())),
        ];
        let ranks = scores
            .each_ref()
            .map(|(name, value)| sql!("{} AS {}", below(value), Name(&format!("__below_{name}"))));
        let ranked = sql!(
            "SELECT *, {active} AS \"__active\", count(*) OVER (PARTITION BY {active}) AS \"__people\", \
             {ranks} FROM {rows}",
            active = active,
            ranks = ranks,
            rows = rows
        );
        let scored = scores.each_ref().map(|(name, _)| {
            let below = sql!("{} * {}", Name(&format!("__below_{name}")), self.bins);
            sql!(
                "CASE WHEN \"__active\" = 1 THEN 1 + {} END AS {}",
                quotient(&below, &sql!("\"__people\"")),
                Name(name)
            )
        });
        // A score of the same name replaces what came in.
        let mut kept = rows.visible();
        kept.retain(|column| scores.iter().all(|(name, _)| column.column != *name));
        if kept.len() < rows.key.len() || rows.key.iter().any(|part| !kept.contains(part)) {
            return Err(At::input("in")
                .error("a score would replace the key")
                .code("key-column")
                .help("rename the key column in its dimension's source"));
        }
        Ok(Plan::new()
            .with("ranked", ranked)
            .output("scored", sql!("SELECT {}, {} FROM \"ranked\"", kept, scored))
            .why(format!("scores from 1 to {}", self.bins)))
    }
}

camp_plugin::export![planner(Rfm)];
