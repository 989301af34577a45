//! `sample`: some of the rows, the same ones every time.

use camp_plugin::pick::{Pick, half_up};
use camp_plugin::prelude::*;

params! {
    /// What a call of `sample` gives.
    pub struct Sample {
        /// How many: a number of rows, or a percentage of all.
        size: Size [required],
        /// What has the same proportions in the sample as in all rows.
        stratify: Vec<Expr>,
        /// Which rows are picked: the stable hash over this and the key.
        seed: Seed,
    }
}

impl Planner for Sample {
    fn about() -> About {
        About::new("sample", "Picks some of the rows, the same ones every time")
            .doc(
                "The rows with the lowest stable hashes are picked. The same seed and rows give the same sample \
                 on every engine, in every version and in every order of the data, and a smaller sample is part \
                 of a larger one.",
            )
            .input(Input::new("in", "the rows"))
            .output(Output::new("sample", "the picked rows"))
            .output(Output::new("rest", "the others").optional().complement())
            .example(
                Example::new(
                    "Two of five people",
                    "use sample\n\
                     dimension people = \"people.csv\" key id columns (id: int)\n\
                     all = build audience from people\n\
                     part = sample all with size: 2, seed: 7\n\
                     expect count(part) = 2\n\
                     save audience part as \"Test group\"\n",
                )
                .file("people.csv", "id\n1\n2\n3\n4\n5\n"),
            )
            .example(
                Example::new(
                    "No more than everybody",
                    "use sample\n\
                     dimension people = \"people.csv\" key id columns (id: int)\n\
                     all = build audience from people\n\
                     part = sample all with size: 120%\n\
                     save audience part as \"Test group\"\n",
                )
                .file("people.csv", "id\n1\n2\n")
                .refused("over-100", "120%")
                .saying("cannot be more than everybody"),
            )
    }

    fn plan(&self, cx: &Cx) -> Result<Plan> {
        let rows = cx.input("in")?;
        let quota = match self.size {
            Size::Rows(rows) => sql!("{}", rows),
            Size::Fraction(part) if part.numerator > part.denominator => {
                return Err(cx
                    .param("size")
                    .error("a sample cannot be more than everybody")
                    .code("over-100")
                    .help("write at most 100%"));
            }
            Size::Fraction(part) => half_up(&sql!("\"__all\""), part),
        };
        let pick = Pick {
            name: "sample",
            fits: &sql!("TRUE"),
            quota: &quota,
            strata: &self.stratify,
            order: &sql!("{}, {}", rows.hash(&self.seed.0), rows.key_order()),
            shared: true,
        };
        let counted = sql!("SELECT *, count(*) OVER () AS \"__all\" FROM {}", rows);
        let (plan, from, mark) =
            pick.mark(Plan::new().with("counted", counted), &sql!("\"counted\""));
        let rows = rows.visible();
        Ok(plan
            .output("sample", sql!("SELECT {} FROM {} WHERE {}", rows, from, mark))
            .output("rest", sql!("SELECT {} FROM {} WHERE NOT {}", rows, from, mark))
            .why("the lowest stable hashes"))
    }
}

camp_plugin::export![planner(Sample)];
