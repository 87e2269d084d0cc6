/*
kind: table
title: {zh: 发布前校验提示, en: Warnings of the gate}
note:
  zh: 提示不阻止发布；未通过而经批准放行的规则列出责任人。
  en: Warnings do not stop a release; a failed rule that was overridden names who answers for it.
columns:
  table_name: {heading: {zh: 数据集, en: Mart}, format: text}
  rule_id: {heading: {zh: 规则, en: Rule}, format: text}
  observed: {heading: {zh: 实测, en: Observed}, format: text}
  expected: {heading: {zh: 预期, en: Expected}, format: text}
  override_owner: {heading: {zh: 放行责任人, en: Overridden by}, format: text}
*/
WITH checks AS (
    SELECT g.*
    FROM lake.ops.gate_results AS g
    INNER JOIN lake.ops.releases AS r
        ON r.window_end = g.window_end AND g.checked_at <= r.published_at
    WHERE r.release = $release
    QUALIFY g.run_id = arg_max(g.run_id, g.checked_at) OVER ()
)
SELECT table_name, rule_id, observed, expected, override_owner
FROM checks
WHERE status <> 'passed'
ORDER BY table_name, rule_id
