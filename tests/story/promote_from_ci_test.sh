#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs examples/02_promote_from_ci and checks what its jobs printed, exited with and wrote, that the README shows the same, that
# the action and the template hand on what they are given, and that a pull request gets one comment.
. "$(dirname "$0")/lib.sh"
kit=$PWD/examples/02_promote_from_ci
export STORY_DIR=$STORY_DIR/promote-from-ci
rm -rf "$STORY_DIR" && mkdir -p "$STORY_DIR"
ln -s "$STORY_DATA" "$STORY_DIR/data"
work=$STORY_DIR/from-ci
"$kit/run.sh" >"$STORY_DIR/output.txt" 2>&1 || { tail -60 "$STORY_DIR/output.txt"; exit 1; }
expected_lines "$STORY_DIR/output.txt" "$kit/expected.txt"
out=$work/repository/out
fail() { echo "$1" >&2; exit 1; }
same() { diff "$1" - || fail "$1 differs from what is expected"; }

# 1. The files. A job that came to no verdict leaves no report of one.
python3 - "$out" "$work/summary.md" "$kit/README.md" <(assay promote --help) <<'PY'
import pathlib, re, sys
import xml.etree.ElementTree as xml
out, summary, readme, usage = (pathlib.Path(argument) for argument in sys.argv[1:])

def result(job):
    lines = (out / job / "result.env").read_text().splitlines()
    return dict(line.removeprefix("ASSAY_").split("=", 1) for line in lines)

expected = {"first": (1, "promoted", 0), "better": (2, "promoted", 0), "worse": (3, "refused", 10),
            "again": (2, "already_there", 0), "best": (4, "", 30), "planned": (4, "promoted", 0), "writer": (1, "", 50)}
for job, (version, verdict, code) in expected.items():
    got = result(job)
    assert (got["VERSION"], got["VERDICT"], got["EXIT_CODE"]) == (f"late-flights@{version}", verdict, str(code)), (job, got)
    assert (len(got["DECISION"]) == 26) == (verdict != ""), (job, got)
    report = out / job / ("gate.xml" if job == "again" else "promote.xml")
    assert (out / job / "decision.json").exists() == report.exists() == (verdict != ""), job
    if verdict:
        markdown = (out / job / "promote.md").read_text()
        assert got["DECISION"] in markdown, job
        suite = xml.parse(report).getroot()[0]
        rules = 0 if verdict == "already_there" else 2
        assert (suite.get("tests"), suite.get("failures")) == (str(rules), str(int(code == 10))), job
        assert len(suite.findall("testcase")) == rules, job

# Every job appended its own; those of best and planned ran twice, and the first time as a dry run.
written = summary.read_text()
assert len(re.findall("^### ", written, re.M)) == 9 and written.count("dry run: nothing was moved") == 2
at = 0
for job in ["first", "better", "worse", "again", "best", "planned", "writer"]:
    text = (out / job / "promote.md").read_text()
    at = written.index(text, at) + len(text)
assert at == len(written)

def plain(text):  # ids and digests differ from run to run, and the last digits of numbers from machine to machine
    text = re.sub(r"sha256:[0-9a-f]{12}", "sha256:…", re.sub(r"\b[0-9a-z]{26}\b", "…", text))
    return re.sub(r"(0\.\d\d)\d+", r"\1…", text).strip()

page = readme.read_text()
shown = re.findall(r"<!-- out/(\w+)/promote\.md -->\n(.*?)<!-- end -->", page, re.S)
assert [job for job, _ in shown] == ["better", "worse"]
for job, text in shown:
    real = (out / job / "promote.md").read_text()
    assert plain(text) == plain(real), f"README.md shows for {job}:\n{plain(text)}\nbut the run wrote:\n{plain(real)}"
codes = re.findall(r"^\| (\d+) \|", page, re.M)
known = re.findall(r"(?:Exit codes: |, )(\d+) ", usage.read_text())
assert codes == known, f"README.md tells of exit codes {codes}, `assay promote --help` of {known}"
print("the jobs wrote what they should, and README.md shows it")
PY

# 2. The action's steps and the template's script, around scripts that only say how they were called.
mkdir "$work/fake" && cd "$work/fake"
cat >promote.sh <<'SH'
#!/usr/bin/env bash
{ printf '[%s]' "${0##*/}" "$@"; echo; } >>called
echo "ASSAY_EXIT_CODE=10" >result.env
exit 10
SH
sed '$d' promote.sh >comment.sh
chmod +x ./*.sh
# What stands under `run: |` of the action, a file each. An expression in it would be text to run, whoever wrote it.
awk '/^ +run: \|$/ { match($0, /^ +/); within = RLENGTH + 2; file = "step" ++n; next }
     within { match($0, /^ */); if (RLENGTH < within) within = 0; else print substr($0, within + 1) >file }' "$kit/action.yml"
if grep '\${{' step1 step2; then fail "action.yml has an expression in a script"; fi
step() { env MODEL="$1" FILES="$2" HOLDOUT=holdout@1 STAGE=production ASSAY_OUT=. GITHUB_ACTION_PATH=. GITHUB_OUTPUT=outputs \
  bash --noprofile --norc -eo pipefail "$3"; }
exits() { local want=$1 code=0; shift; "$@" || code=$?; [ $code -eq "$want" ] || fail "exit code $code, not $want: $*"; }
exits 10 step churn $'a file\nanother\n' step1
exits 10 step churn@3 "" step1
step churn@3 "" step2
same outputs <<<$'ASSAY_EXIT_CODE=10\nASSAY_EXIT_CODE=10'
script=$(sed -n "s/^    - '\(.*\)'$/\1/p" "$kit/gitlab.yml")
exits 10 env ASSAY_KIT=. ASSAY_MODEL=churn ASSAY_FILES="a b" ASSAY_HOLDOUT=holdout@1 ASSAY_STAGE=production bash -ec "$script"
same called <<'CALLS'
[promote.sh][churn][holdout@1][production][a file][another]
[promote.sh][churn@3][holdout@1][production]
[comment.sh][./promote.md][churn/production]
[promote.sh][churn][holdout@1][production][a][b]
CALLS

# Called wrongly, promote.sh says so before it asks the registry anything.
wrong() {
  local message=$1 code=0; shift
  env ASSAY_OUT=wrong "$@" churn holdout@1 production 2>said || code=$?
  [ $code -eq 60 ] && grep -q "$message" said || fail "exit code $code: $(cat said)"
}
wrong "there is no wrong/plan.json: run with ASSAY_ONLY=plan first" ASSAY_ONLY=promote "$kit/promote.sh" >/dev/null
wrong "write plan, promote or nothing" ASSAY_ONLY=plans "$kit/promote.sh"
wrong "usage: promote.sh MODEL HOLDOUT STAGE" bash -c '"$0" "$1"' "$kit/promote.sh"

# 3. The comment. This `gh` keeps a pull request's comments in a file; the first is a stranger's, with our marker.
mkdir "$work/gh" && cd "$work/gh"
cat >gh <<'SH'
#!/usr/bin/env bash
set -euo pipefail
[ "$1 $GH_TOKEN" = "api secret" ]; shift
method=GET
while [ $# -gt 0 ]; do
  case $1 in
    --paginate) ;;
    --method) method=$2; shift ;;
    --jq) filter=$2; shift ;;
    --field) [ "$2" = body=@- ]; body=$(cat; echo x); shift ;;
    *) url=$1 ;;
  esac
  shift
done
echo "$method $url" >>calls
case $method in
  GET) jq -r "$filter" comments ;;
  POST) jq --arg body "${body%x}" '. + [{id: (length + 1), user: {login: "github-actions[bot]"}, body: $body}]' comments >new ;;
  PATCH) jq --arg body "${body%x}" --argjson id "${url##*/}" 'map(if .id == $id then .body = $body else . end)' comments >new ;;
esac
[ ! -f new ] || mv new comments
SH
chmod +x gh
stranger='{"id": 1, "user": {"login": "stranger"}, "body": "<!-- assay promote churn/production -->\nmine"}'
echo "[$stranger]" >comments
comment() { PATH=$PWD:$PATH GH_TOKEN=secret GITHUB_REPOSITORY=acme/churn ASSAY_PULL_REQUEST=7 "$kit/comment.sh" "$@"; }
body() { jq -r ".[$1].body" comments; }
marked() { printf '<!-- assay promote %s -->\n' "$1"; cat "$2"; echo; }
ASSAY_PULL_REQUEST="" GH_TOKEN=secret "$kit/comment.sh" "$out/worse/promote.md" churn/production >said
same said <<<"no pull request, so no comment"
comment "$out/worse/promote.md" churn/production
diff <(body 1) <(marked churn/production "$out/worse/promote.md")
comment "$out/better/promote.md" churn/production
diff <(body 1) <(marked churn/production "$out/better/promote.md")
comment "$out/better/promote.md" churn/staging
diff <(body 2) <(marked churn/staging "$out/better/promote.md")
head -c 100000 /dev/zero | tr '\0' x >long
comment long churn/production
[ "$(body 1 | wc -m)" -lt 65536 ] && body 1 | grep -q "^… cut: "
diff <(jq -S '.[0]' comments) <(jq -S . <<<"$stranger")
same calls <<'CALLS'
GET repos/acme/churn/issues/7/comments?per_page=100
POST repos/acme/churn/issues/7/comments
GET repos/acme/churn/issues/7/comments?per_page=100
PATCH repos/acme/churn/issues/comments/2
GET repos/acme/churn/issues/7/comments?per_page=100
POST repos/acme/churn/issues/7/comments
GET repos/acme/churn/issues/7/comments?per_page=100
PATCH repos/acme/churn/issues/comments/2
CALLS
code=0; comment long 'x") or ("' 2>refused || code=$?
[ $code -eq 60 ] && grep -q "neither a name nor a stage" refused
echo "one comment a gate, updated in place"
