// Records what the AWS SDK for Go v2 sends for each CloudWatch operation: RPC v2 CBOR, signed and, for
// PutMetricData, packed. usage: go run . DIR    writes DIR/<Operation>.txt: request line, headers, an
// empty line, the body in hex. The credentials are those of tests/sample/signed_request.h.
package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

func record(folder string, r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	lines := []string{}
	for name, values := range r.Header {
		lines = append(lines, name+": "+strings.Join(values, ","))
	}
	sort.Strings(lines)
	text := fmt.Sprintf("%s %s\nHost: %s\n%s\n\n%s\n", r.Method, r.URL.Path, r.Host, strings.Join(lines, "\n"), hex.EncodeToString(body))
	return os.WriteFile(filepath.Join(folder, path.Base(r.URL.Path)+".txt"), []byte(text), 0o644)
}

func main() {
	folder := os.Args[1]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := record(folder, r); err != nil {
			log.Fatal(err)
		}
		w.Header().Set("smithy-protocol", "rpc-v2-cbor")
		w.Header().Set("Content-Type", "application/cbor")
		_, _ = w.Write([]byte{0xa0})
	}))
	defer server.Close()
	client := cw.New(cw.Options{
		Region:       "eu-west-2",
		BaseEndpoint: aws.String(server.URL),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDTIDEGATEEXAMPLE", "a secret of tests", ""),
	})
	for _, err := range calls(context.Background(), client) {
		if err != nil {
			log.Fatal(err)
		}
	}
}

const alarm = "cnt-p99"

// What tests/conformance/go_requests_test.cc expects of each is written there.
func calls(ctx context.Context, c *cw.Client) []error {
	noon := time.Now().UTC().Add(-time.Minute).Truncate(time.Minute)
	dimensions := []types.Dimension{{Name: aws.String("Room"), Value: aws.String("7")}}
	arn := aws.String("arn:aws:cloudwatch:eu-west-2:000000000000:alarm:cnt-ec2-cpu-high")
	metric := &types.Metric{Namespace: aws.String("App"), MetricName: aws.String("Latency"), Dimensions: dimensions}
	results := []error{}
	add := func(_ any, err error) { results = append(results, err) }
	add(c.PutMetricData(ctx, &cw.PutMetricDataInput{Namespace: aws.String("App"), MetricData: []types.MetricDatum{
		{MetricName: aws.String("Latency"), Dimensions: dimensions, Timestamp: aws.Time(noon), Values: []float64{0.25, 0.5, 4},
			Counts: []float64{90, 9, 1}, Unit: types.StandardUnitSeconds, StorageResolution: aws.Int32(1)},
		{MetricName: aws.String("Set"), Timestamp: aws.Time(noon.Add(250 * time.Millisecond)),
			StatisticValues: &types.StatisticSet{SampleCount: aws.Float64(3), Sum: aws.Float64(6), Minimum: aws.Float64(1), Maximum: aws.Float64(3)}},
		{MetricName: aws.String("One"), Value: aws.Float64(-1.5)},
	}}))
	add(c.GetMetricData(ctx, &cw.GetMetricDataInput{StartTime: aws.Time(noon), EndTime: aws.Time(noon.Add(time.Minute)),
		ScanBy: types.ScanByTimestampAscending, MaxDatapoints: aws.Int32(100), MetricDataQueries: []types.MetricDataQuery{
			{Id: aws.String("m1"), MetricStat: &types.MetricStat{Metric: metric, Period: aws.Int32(60), Stat: aws.String("p99.9")}},
			{Id: aws.String("m2"), ReturnData: aws.Bool(false), MetricStat: &types.MetricStat{Metric: metric, Period: aws.Int32(60), Stat: aws.String("SampleCount")}},
			{Id: aws.String("e1"), Expression: aws.String("m1 * m2"), Label: aws.String("both")},
		}}))
	add(c.GetMetricStatistics(ctx, &cw.GetMetricStatisticsInput{Namespace: aws.String("App"), MetricName: aws.String("Latency"), Dimensions: dimensions,
		StartTime: aws.Time(noon), EndTime: aws.Time(noon.Add(time.Minute)), Period: aws.Int32(60), ExtendedStatistics: []string{"p50", "p99"}}))
	add(c.ListMetrics(ctx, &cw.ListMetricsInput{Namespace: aws.String("App"), RecentlyActive: types.RecentlyActivePt3h,
		Dimensions: []types.DimensionFilter{{Name: aws.String("Room")}}}))
	add(c.PutMetricAlarm(ctx, &cw.PutMetricAlarmInput{AlarmName: aws.String(alarm), Namespace: aws.String("App"), MetricName: aws.String("Latency"),
		Dimensions: dimensions, ExtendedStatistic: aws.String("p99"), Period: aws.Int32(60), EvaluationPeriods: aws.Int32(3), DatapointsToAlarm: aws.Int32(2),
		Threshold: aws.Float64(2), ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold, TreatMissingData: aws.String("notBreaching"),
		EvaluateLowSampleCountPercentile: aws.String("ignore"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("rooms")}}}))
	add(c.DescribeAlarms(ctx, &cw.DescribeAlarmsInput{AlarmNames: []string{"cnt-ec2-cpu-high"}, AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm}}))
	add(c.DescribeAlarmsForMetric(ctx, &cw.DescribeAlarmsForMetricInput{Namespace: aws.String("AWS/EC2"), MetricName: aws.String("CPUUtilization"),
		Dimensions: []types.Dimension{{Name: aws.String("AutoScalingGroupName"), Value: aws.String("cnt-backend-asg")}}}))
	add(c.DescribeAlarmHistory(ctx, &cw.DescribeAlarmHistoryInput{AlarmName: aws.String("cnt-ec2-cpu-high"), HistoryItemType: types.HistoryItemTypeStateUpdate,
		StartDate: aws.Time(noon.Add(-time.Hour)), EndDate: aws.Time(noon.Add(time.Hour)), MaxRecords: aws.Int32(5), ScanBy: types.ScanByTimestampDescending}))
	add(c.SetAlarmState(ctx, &cw.SetAlarmStateInput{AlarmName: aws.String(alarm), StateValue: types.StateValueAlarm, StateReason: aws.String("a test"),
		StateReasonData: aws.String(`{"by":"hand"}`)}))
	add(c.EnableAlarmActions(ctx, &cw.EnableAlarmActionsInput{AlarmNames: []string{alarm}}))
	add(c.DisableAlarmActions(ctx, &cw.DisableAlarmActionsInput{AlarmNames: []string{alarm}}))
	add(c.TagResource(ctx, &cw.TagResourceInput{ResourceARN: arn, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("rooms")}}}))
	add(c.UntagResource(ctx, &cw.UntagResourceInput{ResourceARN: arn, TagKeys: []string{"team"}}))
	add(c.ListTagsForResource(ctx, &cw.ListTagsForResourceInput{ResourceARN: arn}))
	add(c.DeleteAlarms(ctx, &cw.DeleteAlarmsInput{AlarmNames: []string{alarm}}))
	return results
}
