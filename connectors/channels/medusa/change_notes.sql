-- What somebody wrote about one item of a change.
SELECT a.order_id, a.order_change_id AS change_id, a.details ->> 'reference_id' AS item_id, a.internal_note AS note
FROM order_change_action AS a
WHERE a.order_id IN :order_ids AND a.internal_note <> '' AND a.deleted_at IS NULL
ORDER BY a.order_id, a.ordering
