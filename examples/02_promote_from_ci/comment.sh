#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One comment on a pull request for each gate, written by the first run and updated in place by the next ones.
#   comment.sh FILE KEY
#     FILE  Markdown, as promote.sh writes it
#     KEY   which gate, such as churn/production: it finds the comment again, in a line that GitHub does not show
# Environment: GH_TOKEN (may write comments), GITHUB_REPOSITORY, ASSAY_PULL_REQUEST (its number; nothing to do without),
# ASSAY_COMMENT_AUTHOR (whose token that is: github-actions[bot] when left out). Needs `gh`.
set -euo pipefail
file=$1 key=$2 author=${ASSAY_COMMENT_AUTHOR:-github-actions[bot]}
if [ -z "${ASSAY_PULL_REQUEST:-}" ]; then echo "no pull request, so no comment"; exit; fi
# Both become part of a jq filter.
for word in "$key" "$author"; do
  [[ $word =~ ^[]A-Za-z0-9@:/._[-]+$ ]] && continue
  echo "comment.sh: \"$word\" holds what neither a name nor a stage does" >&2
  exit 60
done
marker="<!-- assay promote $key -->"
text=$(<"$file")
limit=60000 # GitHub takes 65 536 characters
[ ${#text} -le $limit ] || text="${text:0:$limit}"$'\n\n'"… cut: the rest is in the job's summary"

# Others may write the marker too; a comment of theirs is theirs to edit, so it is not taken for ours.
comments=repos/$GITHUB_REPOSITORY/issues
id=$(gh api --paginate "$comments/$ASSAY_PULL_REQUEST/comments?per_page=100" \
  --jq ".[] | select(.user.login == \"$author\" and (.body | startswith(\"$marker\"))) | .id")
id=${id%%$'\n'*}
if [ -n "$id" ]; then
  to=(--method PATCH "$comments/comments/$id") done="updated comment $id"
else
  to=(--method POST "$comments/$ASSAY_PULL_REQUEST/comments") done="wrote a comment"
fi
printf '%s\n%s\n' "$marker" "$text" | gh api "${to[@]}" --field body=@- >/dev/null
echo "$done on pull request $ASSAY_PULL_REQUEST"
