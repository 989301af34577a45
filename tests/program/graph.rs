//! `camp graph`: what is drawn, the numbers of the last run, and labels that mean harm.

use std::path::Path;

use super::commands::Folder;
use super::readme::printed;

const PEOPLE: (&str, &str) =
    ("people.csv", "id,country,email\n1,FR,a@x\n2,DE,b@x\n3,FR,\n4,FR,d@x\n");

/// French people with an address are saved; the others are left on their way.
const FRENCH: &str = "campaign \"French\" timezone \"UTC\"\n\
    dimension people = \"people.csv\" key id\n\
    ## Lives in France.\n\
    french = build audience from people where country = \"FR\" select email\n\
    silent = build audience from people where email is empty\n\
    reachable, dropped = combine french exclude silent\n\
    expect count(reachable) > 0 else \"nobody\"\n\
    save audience reachable as \"French\"\n";

fn french() -> Folder {
    Folder::new(&[PEOPLE, ("french.camp", FRENCH)])
}

#[test]
fn the_canvas_has_activities_as_boxes_and_populations_as_arrows() {
    let folder = french();
    let ran = folder.camp(&["graph", "french.camp", "--format", "mermaid"]);
    assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""), "{ran:#?}");
    // From the text: two builds, one combine, one guard, one save; `dropped` ends in a circle; the
    // guard speaks of `reachable`, so that its arrow is dashed.
    let expected = r##"flowchart LR
  c0n0["<b>build audience</b><br/>from people<br/>where country = #34;FR#34;"]
  c0n1["<b>build audience</b><br/>from people<br/>where email is empty"]
  c0n2["<b>combine</b><br/>exclude"]
  c0n3{{"<b>expect</b><br/>count#40;reachable#41; #62; 0"}}
  class c0n3 guard
  c0n4[/"<b>save audience</b><br/>#34;French#34;"/]
  class c0n4 effect
  c0n0 -->|"french"| c0n2
  c0n1 -->|"silent"| c0n2
  c0n2 -.->|"reachable"| c0n3
  c0n2 -->|"reachable"| c0n4
  c0n2 -->|"dropped"| c0f3((" "))
"##;
    assert!(ran.stdout.starts_with(expected), "{}", ran.stdout);
    assert!(!folder.path().join("camp.duckdb").exists(), "drawing makes no database");
}

#[test]
fn the_numbers_are_those_of_the_last_run_of_the_campaign_that_was_committed() {
    let folder = french();
    assert_eq!(folder.camp(&["run", "french.camp"]).exit, 0);
    // 5 comes, 4 loses the address and leaves.
    std::fs::write(
        folder.path().join("people.csv"),
        "id,country,email\n1,FR,a@x\n2,DE,b@x\n3,FR,\n4,FR,\n5,FR,e@x\n6,FR,f@x\n",
    )
    .unwrap();
    assert_eq!(folder.camp(&["run", "french.camp"]).exit, 0);
    // Neither a run of another campaign nor one that fails is asked.
    let other = FRENCH.replace("\"French\"", "\"Other\"").replace("> 0", ">= 0");
    std::fs::write(folder.path().join("other.camp"), &other).unwrap();
    assert_eq!(folder.camp(&["run", "other.camp"]).exit, 0);
    let failing = FRENCH.replace("> 0", "> 1_000");
    std::fs::write(folder.path().join("french.camp"), &failing).unwrap();
    assert_eq!(folder.camp(&["run", "french.camp"]).exit, 3);
    std::fs::write(folder.path().join("french.camp"), FRENCH).unwrap();

    let dot = folder.camp(&["graph", "french.camp", "--format", "dot"]).stdout;
    // French: 1 3 4 5 6; without address: 3 4; reachable: 1 5 6; dropped: 3 4. Before: 1 4.
    for line in [
        r#"c0n0 -> c0n2 [label="french\n5"];"#,
        r#"c0n1 -> c0n2 [label="silent\n2"];"#,
        r#"c0n2 -> c0n3 [label="reachable\n3", style=dashed];"#,
        r#"c0n2 -> c0n4 [label="reachable\n3"];"#,
        r#"c0n2 -> c0f3 [label="dropped\n2"];"#,
        r#"save audience\n\"French\"\nwas 2, now 3\n+2 −1 ~0""#,
    ] {
        assert!(dot.contains(line), "{line}\n{dot}");
    }
}

#[test]
fn a_transition_that_the_last_run_did_not_have_has_no_number() {
    let folder = french();
    assert_eq!(folder.camp(&["run", "french.camp"]).exit, 0);
    let text = FRENCH.to_owned() + "germans = build audience from people where country = \"DE\"\n";
    std::fs::write(folder.path().join("french.camp"), text).unwrap();
    let dot = folder.camp(&["graph", "french.camp", "--format", "dot"]).stdout;
    assert!(dot.contains("[label=\"germans\"];"), "{dot}");
    assert!(dot.contains("[label=\"french\\n3\"];"), "{dot}");
}

#[test]
fn a_skipped_step_says_so() {
    let folder = french();
    let more = "extra = build audience from people only if count(french) > 9\n";
    std::fs::write(folder.path().join("french.camp"), FRENCH.to_owned() + more).unwrap();
    let ran = folder.camp(&["run", "french.camp"]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
    let mermaid = folder.camp(&["graph", "french.camp", "--format", "mermaid"]).stdout;
    assert!(mermaid.contains("from people<br/>skipped\"]"), "{mermaid}");
    assert!(mermaid.contains("class c0n5 skipped"), "{mermaid}");
    // The condition of `only if` is a use of `french`; three live in France.
    assert!(mermaid.contains("c0n0 -.->|\"french<br/>3\"| c0n5"), "{mermaid}");
}

#[test]
fn saved_audiences_that_are_read_are_boxes_and_what_another_campaign_saves_is_one_too() {
    let folder = french();
    assert_eq!(folder.camp(&["run", "french.camp"]).exit, 0);
    let reader = "campaign \"Reader\" timezone \"UTC\"\n\
        dimension people = \"people.csv\" key id\n\
        again = read audience \"French\"\n\
        fresh = build audience from people where not in audience \"French\"\n\
        save audience again as \"Again\"\nsave audience fresh as \"Fresh\"\n";
    std::fs::write(folder.path().join("reader.camp"), reader).unwrap();
    let alone = folder.camp(&["graph", "reader.camp", "--format", "mermaid"]).stdout;
    // One box for the audience: its rows go into one activity, a rule of the other speaks of it.
    assert_eq!(alone.matches("<b>French</b>").count(), 1, "{alone}");
    assert!(alone.contains("c0n4 --> c0n0\n") && alone.contains("c0n4 -.-> c0n1\n"), "{alone}");
    let both = folder.camp(&["graph", "french.camp", "reader.camp", "--format", "mermaid"]).stdout;
    assert_eq!(both.matches("subgraph").count(), 2, "{both}");
    assert!(both.contains("c1n4([\"<b>French</b>\"])"), "{both}");
}

#[test]
fn activities_of_plugins_are_drawn() {
    let text = FRENCH.replace(
        "save audience",
        "use split\na, b = split reachable with\n  a: limit 50%\nsave audience",
    );
    let folder = Folder::new(&[PEOPLE, ("french.camp", &text)]);
    let ran = folder.camp(&["graph", "french.camp", "--format", "dot"]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
    assert!(ran.stdout.contains("[label=\"split\\nplugin split\"];"), "{}", ran.stdout);
    let svg = folder.camp(&["graph", "french.camp"]).stdout;
    assert!(svg.contains("<g class=\"node plugin\">"), "{svg}");
}

/// What a name can hold, with all that the formats take for more than a letter.
const HOSTILE: &str =
    "</svg><script>alert(1)</script><!--]]> #quot; &amp; |]}) \\N \\\" `x` %% --> end";

#[test]
fn hostile_labels_stay_text_in_every_form() {
    let campaign = HOSTILE.replace('"', "\"\"");
    let text = FRENCH
        .replace("\"French\"", &format!("\"{campaign}\""))
        .replace("reachable", "`a\"]--><script>alert(2)</script>`")
        .replace("## Lives in France.", "## <img src=x onerror=alert(3)>");
    let folder = Folder::new(&[PEOPLE, ("french.camp", &text)]);
    let ran = folder.camp(&["run", "french.camp"]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
    for format in ["svg", "html"] {
        let drawn = folder.camp(&["graph", "french.camp", "--format", format]).stdout;
        for tag in ["<script", "<img", "-->", "</svg><s"] {
            assert!(!drawn.contains(tag), "{format} holds {tag}:\n{drawn}");
        }
        assert!(drawn.contains("&lt;img src=x onerror=alert(3)&gt;"), "{drawn}");
        // All that opens is closed, so that nothing leaves its place.
        for tag in ["g", "a", "svg", "section", "table", "pre"] {
            let open = drawn.matches(&format!("<{tag} ")).count()
                + drawn.matches(&format!("<{tag}>")).count();
            assert_eq!(open, drawn.matches(&format!("</{tag}>")).count(), "{format} <{tag}>");
        }
    }
    let mermaid = folder.camp(&["graph", "french.camp", "--format", "mermaid"]).stdout;
    assert!(mermaid.contains("#60;script#62;alert#40;1#41;#60;/script#62;"), "{mermaid}");
    for line in mermaid.lines().filter(|line| line.contains('"')) {
        // A quote that opens a text and one that closes it.
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
        let text = line.replace("<b>", "").replace("</b>", "").replace("<br/>", "");
        assert!(!text.contains(['`', '<']), "{line}");
    }
    let dot = folder.camp(&["graph", "french.camp", "--format", "dot"]).stdout;
    assert!(dot.contains(r#"#quot; &amp;amp; |]}) \\N \\\" `x`"#), "{dot}");
    for line in dot.lines() {
        let quotes = line.replace("\\\\", "").replace("\\\"", "").matches('"').count();
        assert_eq!(quotes % 2, 0, "{line}");
    }
}

#[test]
fn equal_campaigns_and_runs_give_equal_bytes() {
    let folder = french();
    assert_eq!(folder.camp(&["run", "french.camp"]).exit, 0);
    for format in ["svg", "html", "mermaid", "dot"] {
        let line = ["graph", "french.camp", "--format", format, "--as-of", "2026-11-24T00:00Z"];
        assert_eq!(folder.camp(&line).stdout, folder.camp(&line).stdout, "{format}");
    }
}

#[test]
fn the_page_has_the_rule_and_its_sql_and_rows_only_where_they_are_asked_for() {
    let folder = french();
    assert_eq!(folder.camp(&["run", "french.camp"]).exit, 0);
    let page = folder.camp(&["graph", "french.camp", "--format", "html"]).stdout;
    assert!(page.contains("<pre>french = build audience from people where country = &quot;FR&quot; select email</pre>"), "{page}");
    assert!(page.contains("&quot;country&quot; = &#39;FR&#39;"), "{page}");
    assert!(!page.contains("a@x"), "{page}");
    assert!(page.contains("default-src 'none'"), "{page}");
    assert!(!page.contains("http://www.") || page.matches("http").count() == 1, "{page}");
    let rows = folder.camp(&["graph", "french.camp", "--format", "html", "--rows", "1"]).stdout;
    // Members 1 and 4, by key; the first one only.
    assert!(rows.contains("1 row of 2"), "{rows}");
    assert!(rows.contains("<td>a@x</td>") && !rows.contains("d@x"), "{rows}");
    let wrong = folder.camp(&["graph", "french.camp", "--rows", "1"]);
    assert_eq!((wrong.exit, wrong.stdout.as_str()), (2, ""), "{wrong:#?}");
    assert!(wrong.stderr.contains("Rows can be shown on an `html` page only"), "{wrong:#?}");
}

#[test]
fn a_parameter_without_a_value_costs_the_sql_and_not_the_picture() {
    let text =
        FRENCH.replace("## Lives", "param land: text\n## Lives").replace("= \"FR\"", "= land");
    let folder = Folder::new(&[PEOPLE, ("french.camp", &text)]);
    let page = folder.camp(&["graph", "french.camp", "--format", "html"]);
    assert_eq!(page.exit, 0, "{page:#?}");
    assert!(page.stdout.contains("where country = land") && !page.stdout.contains("SELECT"));
    let given = folder.camp(&["graph", "french.camp", "--format", "html", "--set", "land=DE"]);
    assert!(given.stdout.contains("= &#39;DE&#39;"), "{given:#?}");
}

#[test]
fn only_what_is_asked_for_is_drawn() {
    let folder = french();
    let ran = folder.camp(&["graph", "french.camp", "--only", "silent", "--format", "mermaid"]);
    assert!(ran.stdout.contains("where email is empty") && !ran.stdout.contains("FR"), "{ran:#?}");
}

#[test]
fn the_file_says_the_form_and_no_source_is_overwritten() {
    let folder = french();
    for (file, start) in [
        ("out.svg", "<svg "),
        ("out.HTML", "<!DOCTYPE html>"),
        ("out.mmd", "flowchart"),
        ("out.gv", "digraph"),
    ] {
        let ran = folder.camp(&["graph", "french.camp", "-o", file]);
        assert_eq!((ran.exit, ran.stdout.as_str()), (0, ""), "{ran:#?}");
        let text = std::fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(text.starts_with(start), "{file}: {text}");
        // Drawn again, it is replaced.
        assert_eq!(folder.camp(&["graph", "french.camp", "-o", file]).exit, 0);
    }
    let unclear = folder.camp(&["graph", "french.camp", "-o", "out.png"]);
    assert_eq!(unclear.exit, 2, "{unclear:#?}");
    assert!(unclear.stderr.contains("E0730"), "{unclear:#?}");
    let source = folder.camp(&["graph", "french.camp", "-o", "french.camp", "--format", "svg"]);
    assert_eq!(source.exit, 2, "{source:#?}");
    assert_eq!(std::fs::read_to_string(folder.path().join("french.camp")).unwrap(), FRENCH);
    let nowhere = folder.camp(&["graph", "french.camp", "-o", "no/such/folder/out.svg"]);
    assert_eq!(nowhere.exit, 2, "{nowhere:#?}");
}

#[test]
fn an_error_in_the_script_draws_nothing() {
    let folder = Folder::new(&[PEOPLE, ("bad.camp", "x = build audience from nobody\n")]);
    let ran = folder.camp(&["graph", "bad.camp"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (1, ""), "{ran:#?}");
}

/// The page shows what Camp prints over the examples, run for 24 November; `CAMP_BLESS=1` renews it.
#[test]
fn the_pictures_of_the_documentation_are_what_camp_draws() {
    let dir = super::examples::examples();
    for n in ["01_first_audience", "02_win_back", "03_combine_and_guard", "04_history"] {
        printed(dir.path(), &format!("run {n}.camp --as-of 2026-11-24 --quiet"));
    }
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let svg = printed(dir.path(), "graph 02_win_back.camp --quiet");
    // The only thing in it that differs from run to run.
    let (before, run) = svg.split_once(">run ").unwrap();
    let (_, after) = run.split_once(", as of").unwrap();
    let svg = format!("{before}>run of the example, as of{after}");
    let page = include_str!("../../docs/pictures.md");
    let mut renewed = String::new();
    let mut rest = page;
    while let Some((text, block)) = rest.split_once("```") {
        let (fence, inside) = block.split_once('\n').unwrap();
        let (shown, after) = inside.split_once("```").unwrap();
        let printed = match fence {
            "mermaid" => printed(dir.path(), "graph 02_win_back.camp --format mermaid"),
            _ => {
                let line = shown.lines().next().unwrap().strip_prefix("$ camp ").unwrap();
                format!("$ camp {line}\n{}", printed(dir.path(), line))
            }
        };
        renewed.push_str(&format!("{text}```{fence}\n{}\n```", printed.trim_end()));
        rest = after;
    }
    renewed.push_str(rest);
    if std::env::var_os("CAMP_BLESS").is_some() {
        std::fs::write(docs.join("canvas.svg"), &svg).unwrap();
        std::fs::write(docs.join("pictures.md"), &renewed).unwrap();
        return;
    }
    assert_eq!(renewed, page);
    assert_eq!(svg, std::fs::read_to_string(docs.join("canvas.svg")).unwrap());
}
