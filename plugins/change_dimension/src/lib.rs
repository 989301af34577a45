//! `change_dimension`: turns rows into the rows they are linked to.

use camp_plugin::prelude::*;
use camp_plugin::{Column, all, equal, join};

params! {
    /// What a call of `change_dimension` gives.
    pub struct ChangeDimension {
        /// The link to follow: `customer`. The output has the rows at its other end, each once.
        to: Link [required],
        /// What to keep of the rows that lead there, by the name of the input:
        /// `(max(basket of abandoned) as basket, count(abandoned) as carts)`.
        add: Vec<Aggregate>,
    }
}

impl Planner for ChangeDimension {
    fn about() -> About {
        About::new("change_dimension", "Turns rows into the rows they are linked to")
            .doc(
                "The output has one row for each row at the other end of the link that something leads to, whether \
                 the link is to one or to many. Columns of the input do not go on; `add` keeps what is \
                 needed of them.",
            )
            .input(Input::new("in", "the rows to start from"))
            .output(Output::new("targets", "the rows they lead to").of_param("to").dynamic())
            .output(Output::new("lost", "the rows that lead nowhere").optional())
            .example(
                Example::new(
                    "From carts to people",
                    "use change_dimension\n\
                     dimension people = \"people.csv\" key id columns (id: int)\n\
                     dimension carts = \"carts.csv\" key cart columns (cart: int, person: int, total: int)\n\
                     link carts.owner, people on carts.person = people.id\n\
                     abandoned = build audience from carts select total\n\
                     buyers, lost = change_dimension abandoned with\n\
                     \x20 to: owner, add: (max(total of abandoned) as most, count(abandoned) as carts)\n\
                     save audience buyers as \"Abandoned carts\"\n",
                )
                .file("people.csv", "id\n1\n2\n")
                .file("carts.csv", "cart,person,total\n10,1,5\n11,1,9\n12,,7\n")
                .expect("buyers", "id,most,carts\n1,9,2\n")
                .expect("lost", "cart,total\n12,7\n"),
            )
    }

    fn plan(&self, cx: &Cx) -> Result<Plan> {
        let input = cx.input("in")?;
        let pairs = cx.input(&self.to.relation)?;
        if pairs.target.is_empty() {
            return Err(cx
                .param("to")
                .error(format!("`{}` has no key, so its rows are no population", pairs.dimension))
                .code("no-key")
                .help("declare the dimension with `key …`"));
        }
        let mut columns = Vec::new();
        let mut values = Vec::new();
        let mut ranks = Vec::new();
        for (i, aggregate) in self.add.iter().enumerate() {
            let at = || cx.param("add").item(i);
            if pairs.target.iter().any(|part| part.output_name() == aggregate.name) {
                return Err(at()
                    .error(format!("`{}` is the key of the output", aggregate.name))
                    .code("key-column")
                    .help("give the value another name with `as`"));
            }
            let computed = compute(aggregate, i, input, pairs)
                .map_err(|text| at().error(text).code("aggregate").help("use another aggregate"))?;
            values.push(sql!("{} AS {}", computed.value, Name(&aggregate.name)));
            columns.push(NewColumn { name: aggregate.name.clone(), ..computed.stated });
            ranks.extend(computed.rank);
        }

        let linked = equal("in", &input.key, &pairs.name, &pairs.source);
        let target_columns: Vec<_> = pairs.target.iter().map(|part| sql!("{}", part)).collect();
        let mut together = vec![sql!("{}.*", input)];
        together.extend(pairs.target.iter().map(|part| part.of(&pairs.name)));
        together.extend(ranks);
        let mut select: Vec<_> = pairs.target.iter().map(Column::named).collect();
        select.extend(values);
        Ok(Plan::new()
            .with("linked", sql!("SELECT {} FROM {} JOIN {} ON {}", together, input, pairs, linked))
            .dynamic_output(
                "targets",
                sql!("SELECT {} FROM \"linked\" GROUP BY {}", select, join(&target_columns, ", ")),
                columns,
            )
            .output(
                "lost",
                sql!(
                    "SELECT {} FROM {} WHERE NOT EXISTS (SELECT 1 FROM {} WHERE {})",
                    input.visible(),
                    input,
                    pairs,
                    linked
                ),
            )
            .why(format!("one row per {}", pairs.dimension)))
    }
}

/// An aggregate in SQL.
struct Computed {
    value: Sql,
    /// Its type; the name is the script's.
    stated: NewColumn,
    /// A column of the joined rows that it needs.
    rank: Option<Sql>,
}

fn compute(
    aggregate: &Aggregate,
    i: usize,
    input: &Relation,
    pairs: &Relation,
) -> Result<Computed, String> {
    let rule = aggregate.rule.as_ref().map(|rule| sql!("{}", rule));
    // The value where the row counts, else missing: aggregates skip it.
    let counted = |value: &Sql| match &rule {
        Some(rule) => sql!("CASE WHEN {} THEN {} END", rule, value),
        None => value.clone(),
    };
    let stated = |r#type: Type, nullable| NewColumn { name: String::new(), r#type, nullable };
    let done = |value, stated| Ok(Computed { value, stated, rank: None });
    let distinct = if aggregate.distinct { sql!("DISTINCT ") } else { sql!("") };

    let Some(column) = &aggregate.column else {
        return match aggregate.function.as_str() {
            "count" => done(sql!("count({})", counted(&sql!("1"))), stated(Type::Int, false)),
            other => Err(format!("`{other}` needs a value: `{other}(… of …)`")),
        };
    };
    let value = counted(&sql!("{}", column));
    let number = |what: &str| match &column.r#type {
        number if number.is_number() => Ok(()),
        other => Err(format!("`{what}` adds up numbers, and this is {other}")),
    };
    // Sums of floats depend on their order; decimals' do not.
    let exact = match column.r#type {
        Type::Float => sql!("CAST({} AS DECIMAL(28, 6))", value),
        _ => value.clone(),
    };
    match aggregate.function.as_str() {
        "count" => done(sql!("count({}{})", distinct, value), stated(Type::Int, false)),
        "sum" => {
            number("sum")?;
            let (r#type, engine) = match column.r#type {
                Type::Decimal(_, scale) => {
                    (Type::Decimal(38, scale), sql!("DECIMAL(38, {})", u32::from(scale)))
                }
                Type::Float => (Type::Float, sql!("DOUBLE")),
                _ => (Type::Int, sql!("BIGINT")),
            };
            let sum = sql!("CAST(coalesce(sum({}{}), 0) AS {})", distinct, exact, engine);
            done(sum, stated(r#type, false))
        }
        "avg" => {
            number("avg")?;
            let average = sql!("CAST(avg({}{}) AS DOUBLE)", distinct, exact);
            done(average, stated(Type::Float, true))
        }
        "median" => {
            number("median")?;
            done(sql!("CAST(median({}) AS DOUBLE)", value), stated(Type::Float, true))
        }
        "min" => done(sql!("min({})", value), stated(column.r#type.clone(), true)),
        "max" => done(sql!("max({})", value), stated(column.r#type.clone(), true)),
        function @ ("first" | "last") => {
            let by = aggregate.by.as_ref().unwrap_or(column);
            let rank = format!("__rank{i}");
            let mut counts = vec![sql!("{} IS NOT NULL", column), sql!("{} IS NOT NULL", by)];
            counts.extend(rule);
            let counts = sql!("CASE WHEN {} THEN 1 ELSE 0 END", all(&counts));
            // Ties go to the highest key, as everywhere in the language.
            let mut order =
                vec![if function == "first" { by.ascending() } else { by.descending() }];
            order.extend(input.key.iter().map(Column::descending));
            let mut group: Vec<_> = pairs.target.iter().map(|part| part.of(&pairs.name)).collect();
            group.push(counts.clone());
            let numbered = sql!(
                "CASE WHEN {} = 1 THEN row_number() OVER (PARTITION BY {} ORDER BY {}) END AS {}",
                counts,
                group,
                order,
                Name(&rank)
            );
            Ok(Computed {
                value: sql!("max(CASE WHEN {} = 1 THEN {} END)", Name(&rank), column),
                stated: stated(column.r#type.clone(), true),
                rank: Some(numbered),
            })
        }
        other => Err(format!("`{other}` is no aggregate that this activity knows")),
    }
}

camp_plugin::export![planner(ChangeDimension)];
