//! `reconcile`: finds the records that rows stand for.

use camp_plugin::prelude::*;
use camp_plugin::{Column, all, equal};

params! {
    /// What a call of `reconcile` gives.
    pub struct Reconcile {
        /// The dimension to look in; the matched rows are of it.
        to: Dimension [required],
        /// What has to be equal: `lower(email) = lower(customers.email) and country = customers.country`. A missing
        /// value equals nothing.
        r#match: Match [required],
        /// Who wins where several match: by columns of the input when several rows match one record, by columns
        /// of the dimension when one row matches several records. Ties go to the lowest key. Without it,
        /// several matches are an error.
        order: Vec<SortKey> [of_any(["in", "to"])],
        /// Which records may be found.
        only: Option<Condition> [of("to")],
    }
}

impl Planner for Reconcile {
    fn about() -> About {
        About::new("reconcile", "Finds the records that rows stand for")
            .doc(
                "Rows of a file or of another dimension become rows of `to`, with the columns they came with. A \
                 record is found once at most: of several rows that match it, `order` picks one. Nothing is \
                 ever added to the dimension.",
            )
            .input(Input::new("in", "the rows, with or without a key").keyless())
            .output(Output::new("matched", "the records found").of_param("to").dynamic())
            .output(Output::new("unmatched", "the rows that match none").optional())
            .example(
                Example::new(
                    "Erasure requests",
                    "use reconcile\n\
                     dimension people = \"people.csv\" key id columns (id: int, email: text)\n\
                     dimension requests = \"requests.csv\" columns (email: text, received: date)\n\
                     raw = build audience from requests select email, received\n\
                     known, unknown = reconcile raw with\n\
                     \x20 to: people, match: lower(email) = lower(people.email), order: received desc\n\
                     save audience known as \"To erase\"\n",
                )
                .file("people.csv", "id,email\n1,a@x.test\n2,b@x.test\n")
                .file(
                    "requests.csv",
                    "email,received\nA@x.test,2026-01-01\na@x.test,2026-02-01\nc@x.test,2026-01-01\n",
                )
                .expect("known", "id,email,received\n1,a@x.test,2026-02-01\n")
                .expect("unknown", "email,received\nc@x.test,2026-01-01\n"),
            )
    }

    fn plan(&self, cx: &Cx) -> Result<Plan> {
        let input = cx.input("in")?;
        let target = cx.input(&self.to.relation)?;
        let (left, right): (Vec<_>, Vec<_>) = self.r#match.0.iter().cloned().unzip();
        let (of_rows, of_records) = self.orders();

        // The records that may be found, then the best of those that rows cannot tell apart. It is the same for
        // every row with the same values, so rows need no identity of their own.
        let mut usable: Vec<_> =
            right.iter().map(|column| sql!("{} IS NOT NULL", column)).collect();
        usable.extend(self.only.iter().map(|only| sql!("{}", only)));
        let numbered_records = sql!(
            "SELECT *, row_number() OVER (PARTITION BY {} ORDER BY {}) AS \"__nth\" FROM {} WHERE {}",
            right,
            [of_records.clone(), target.key_order()].concat(),
            target,
            all(&usable)
        );
        // Rows without a key that tie in all they carry are the same to the reader.
        let last = if input.key.is_empty() { &input.columns } else { &input.key };
        let ties: Vec<_> = last.iter().map(|column| sql!("{}", column.of("in"))).collect();
        let mut order: Vec<_> = of_rows.iter().map(|key| sql!("{}.{}", input, key)).collect();
        order.extend(ties.iter().map(|tie| sql!("{} ASC NULLS LAST", tie)));

        // A column that has the name of the key gives way to it.
        let is_key =
            |column: &Column| target.key.iter().any(|part| part.output_name() == column.column);
        let carried: Vec<_> =
            input.visible().into_iter().filter(|column| !is_key(column)).collect();
        let found = equal("in", &left, "records", &right);
        let key: Vec<_> = target.key.iter().map(|part| part.of("records")).collect();
        let mut together: Vec<_> = carried.iter().map(|column| column.of("in")).collect();
        together.extend(key.iter().cloned());
        let pairs = sql!(
            "SELECT {}, row_number() OVER (PARTITION BY {} ORDER BY {}) AS \"__nth\" \
             FROM {} JOIN \"records\" ON {} AND \"records\".\"__nth\" = 1",
            together,
            key,
            order,
            input,
            found
        );

        let mut select: Vec<_> = target.key.iter().map(Column::named).collect();
        select.extend(carried.iter().map(|column| sql!("{}", column)));
        let mut plan = Plan::new()
            .with("records", numbered_records)
            .with("pairs", pairs)
            .dynamic_output(
                "matched",
                sql!("SELECT {} FROM \"pairs\" WHERE \"__nth\" = 1", select),
                carried.iter().map(NewColumn::like).collect(),
            )
            .output(
                "unmatched",
                sql!(
                    "SELECT {} FROM {} WHERE NOT EXISTS (SELECT 1 FROM \"records\" WHERE {})",
                    input.visible(),
                    input,
                    found
                ),
            )
            .why(format!("records of {} by {} equalities", target.dimension, left.len()));
        if of_records.is_empty() {
            plan = plan.check(Check::new(
                sql!(
                    "SELECT {} FROM {} JOIN \"records\" ON {} AND \"records\".\"__nth\" = 2",
                    input.visible().iter().map(|column| column.of("in")).collect::<Vec<_>>(),
                    input,
                    found
                ),
                cx.param("match")
                    .error(format!("rows match several records of `{}`", target.dimension))
                    .code("several-records")
                    .help("match more columns, or say by `order:` with columns of the dimension which record wins"),
            ));
        }
        if of_rows.is_empty() {
            plan = plan.check(Check::new(
                sql!("SELECT {} FROM \"pairs\" WHERE \"__nth\" = 2", select),
                cx.param("match")
                    .error(format!("several rows match one record of `{}`", target.dimension))
                    .code("several-rows")
                    .help("say by `order:` with columns of the input which row wins"),
            ));
        }
        Ok(plan)
    }
}

impl Reconcile {
    /// The sort keys of the input and those of the dimension.
    fn orders(&self) -> (Vec<SortKey>, Vec<SortKey>) {
        self.order.iter().cloned().partition(|key| key.of.as_deref() != Some("to"))
    }
}

camp_plugin::export![planner(Reconcile)];
